#define _POSIX_C_SOURCE 200809L
#include "lines.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

bool lcf_lines_add(struct lcf_lines *l, int fd)
{
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 8;
        struct lcf_line *open = realloc(l->open, room * sizeof *open);
        if (!open) return false;
        l->open = open;
        l->room = room;
    }
    l->open[l->count++] = (struct lcf_line){.fd = fd};
    return true;
}

void lcf_lines_remove(struct lcf_lines *l, int fd)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->open[i].fd == fd) l->open[i] = l->open[--l->count];
}

void lcf_lines_free(struct lcf_lines *l)
{
    free(l->open);
    *l = (struct lcf_lines){0};
}

/* 0 where it has none yet. */
static int local_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) return 0;
    if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : 0;
}

struct lcf_line *lcf_lines_find(struct lcf_lines *l, int port)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->open[i].port == 0) l->open[i].port = local_port(l->open[i].fd);
        if (l->open[i].port == port) return &l->open[i];
    }
    return NULL;
}

bool lcf_line_has_unasked(const struct lcf_line *line)
{
    struct pollfd waiting = {.fd = line->fd, .events = POLLIN};
    return line->http1 && poll(&waiting, 1, 0) > 0;
}
