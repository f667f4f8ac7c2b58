#define _GNU_SOURCE
#include "server.h"
#include "timing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VISITORS 256
#define FILLERS 4       /* connections that fill a backlog of none */
#define DRIP_EVERY 0.1  /* seconds */
#define RELAY_PATIENCE 50 /* real milliseconds for the sandbox to answer what was handed on */

struct visitor {
    int fd;
    int upstream;      /* -1: none */
    size_t relayed;
    char request[2048];
    size_t len;
    const struct answer *answer; /* under way */
    double due;                  /* when its next part goes out; INFINITY: never */
    bool begun;
};

struct server {
    struct trouble trouble;
    int asks, port, listener, fillers[FILLERS];
    struct visitor visitors[VISITORS];
    size_t count;
    pthread_t thread;
    bool threaded;
    atomic_bool over;
};

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int connect_to(int port, int flags)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), on = 1;
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) return fd;
    close(fd);
    return -1;
}

static bool listen_somewhere(struct server *s)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&address, size) != 0) return false;
    if (getsockname(s->listener, (struct sockaddr *)&address, &size) != 0) return false;
    s->port = ntohs(address.sin_port);
    if (s->trouble.manner == REFUSES) return true;
    return listen(s->listener, s->trouble.manner == NEVER_ACCEPTS ? 0 : VISITORS) == 0;
}

struct server *server_new(const struct trouble *trouble, int asks)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->trouble = *trouble;
    s->asks = asks;
    if (!listen_somewhere(s)) {
        if (s->listener >= 0) close(s->listener);
        free(s);
        return NULL;
    }
    for (int i = 0; i < FILLERS; i++)
        s->fillers[i] = trouble->manner == NEVER_ACCEPTS ? connect_to(s->port, SOCK_NONBLOCK) : -1;
    return s;
}

static void dismiss(struct server *s, size_t i)
{
    close(s->visitors[i].fd);
    if (s->visitors[i].upstream >= 0) close(s->visitors[i].upstream);
    s->visitors[i] = s->visitors[--s->count];
}

void server_free(struct server *s)
{
    atomic_store(&s->over, true);
    if (s->threaded) pthread_join(s->thread, NULL);
    while (s->count > 0) dismiss(s, 0);
    for (int i = 0; i < FILLERS; i++)
        if (s->fillers[i] >= 0) close(s->fillers[i]);
    close(s->listener);
    free(s);
}

int server_port(const struct server *s)
{
    return s->port;
}

static int upstream_of(const struct server *s)
{
    const char *url = s->trouble.manner == RELAYS ? getenv(s->trouble.upstream) : NULL;
    const char *colon = url ? strrchr(url, ':') : NULL;
    return colon ? connect_to(atoi(colon + 1), 0) : -1;
}

static bool welcome(struct server *s)
{
    bool any = false;
    if (s->trouble.manner == NEVER_ACCEPTS || s->trouble.manner == REFUSES) return false;
    while (s->count < VISITORS) {
        int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;
        if (fd < 0) break;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        s->visitors[s->count++] = (struct visitor){.fd = fd, .upstream = upstream_of(s), .due = INFINITY};
        any = true;
    }
    return any;
}

/* False when the other side is gone. */
static bool say(int fd, const char *text, size_t len)
{
    return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool say_answer(const struct server *s, struct visitor *v)
{
    char text[1024];
    if (v->begun) {
        v->due += DRIP_EVERY;
        return say(v->fd, v->answer->dripping, strlen(v->answer->dripping));
    }
    v->begun = true;
    v->due = v->answer->dripping ? v->due + DRIP_EVERY : INFINITY;
    if (!v->answer->at_once) return true;
    const char *hole = strstr(v->answer->at_once, "%d");
    int before = hole ? (int)(hole - v->answer->at_once) : (int)strlen(v->answer->at_once);
    int len = snprintf(text, sizeof text, "%.*s", before, v->answer->at_once);
    if (hole) len += snprintf(text + len, sizeof text - (size_t)len, "%d%s", s->asks, hole + 2);
    return say(v->fd, text, (size_t)len) && !v->answer->closes;
}

/* Reads until a request is whole. False when the other side is gone. */
static bool hear(const struct server *s, struct visitor *v, bool *any)
{
    size_t room = s->trouble.manner == READS_ONE_BYTE ? 1 - v->len : sizeof v->request - v->len;
    ssize_t n = room > 0 ? recv(v->fd, v->request + v->len, room, 0) : -1;
    if (n == 0) return false;
    if (n < 0) return room == 0 || errno == EAGAIN;
    *any = true;
    v->len += (size_t)n;
    if (!memmem(v->request, v->len, "\r\n\r\n", 4)) return true;
    v->answer = v->request[0] == 'G' ? &s->trouble.to_get : &s->trouble.to_delete;
    v->due = time_now() + v->answer->after;
    v->begun = false;
    v->len = 0;
    return true;
}

/* Hands on what one side said. False when either is gone. */
static bool pass_on(int from, int to, size_t most, size_t *passed)
{
    char bytes[16384];
    ssize_t n = recv(from, bytes, most < sizeof bytes ? most : sizeof bytes, MSG_DONTWAIT);
    *passed = n > 0 ? (size_t)n : 0;
    return n > 0 ? say(to, bytes, (size_t)n) : n < 0 && errno == EAGAIN;
}

/* Silent to both sides once the bytes have been relayed. */
static bool relay(const struct server *s, struct visitor *v, bool *any)
{
    size_t up, down, most = s->trouble.relays - v->relayed;
    if (v->upstream < 0) return false;
    if (!pass_on(v->fd, v->upstream, SIZE_MAX, &up)) return false;
    struct pollfd answer = {.fd = v->upstream, .events = POLLIN};
    if (most == 0) return true;
    if (up > 0) poll(&answer, 1, RELAY_PATIENCE);
    if (!pass_on(v->upstream, v->fd, most, &down)) return false;
    v->relayed += down;
    *any = *any || up > 0 || down > 0;
    return true;
}

static bool attend(const struct server *s, struct visitor *v, bool *any)
{
    if (s->trouble.manner == RELAYS) return relay(s, v, any);
    if (!hear(s, v, any)) return false;
    if (v->due > time_now()) return true;
    *any = true;
    return say_answer(s, v);
}

bool server_serve(struct server *s)
{
    bool any = welcome(s);
    for (size_t i = 0; i < s->count;)
        if (attend(s, &s->visitors[i], &any)) i++;
        else dismiss(s, i), any = true;
    return any;
}

double server_due(const struct server *s)
{
    double due = INFINITY;
    for (size_t i = 0; i < s->count; i++) due = fmin(due, s->visitors[i].due);
    return due;
}

static void *serve_on(void *data)
{
    struct server *s = data;
    while (!atomic_load(&s->over))
        if (!server_serve(s)) usleep(1000);
    return NULL;
}

bool server_run(struct server *s)
{
    s->threaded = pthread_create(&s->thread, NULL, serve_on, s) == 0;
    return s->threaded;
}
