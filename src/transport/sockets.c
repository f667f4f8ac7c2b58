#include "sockets.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>

/* Rounded up, so that a timer is never asked for just before it is due. */
static int milliseconds(double seconds)
{
    double ms = ceil(seconds * 1000);
    return ms <= 0 ? 0 : ms > 86400000 ? 86400000 : (int)ms;
}

#if defined(__linux__) && !defined(LCF_POLL)

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

bool lcf_sockets_open(struct lcf_sockets *s)
{
    *s = (struct lcf_sockets){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    return s->epoll >= 0;
}

void lcf_sockets_close(struct lcf_sockets *s)
{
    if (s->epoll >= 0) close(s->epoll);
    s->epoll = -1;
}

void lcf_sockets_watch(struct lcf_sockets *s, int fd, bool reads, bool writes)
{
    struct epoll_event event = {0};
    event.events = (reads ? (unsigned)EPOLLIN : 0) | (writes ? (unsigned)EPOLLOUT : 0);
    event.data.fd = fd;
    if (!event.events) epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, &event);
    else if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST)
        epoll_ctl(s->epoll, EPOLL_CTL_MOD, fd, &event);
}

size_t lcf_sockets_wait(struct lcf_sockets *s, double seconds, struct lcf_ready *ready)
{
    struct epoll_event events[LCF_READY_MAX];
    int n = epoll_wait(s->epoll, events, LCF_READY_MAX, milliseconds(seconds));
    for (int i = 0; i < n; i++)
        ready[i] =
            (struct lcf_ready){events[i].data.fd, (events[i].events & EPOLLIN) != 0, (events[i].events & EPOLLOUT) != 0,
                               (events[i].events & (EPOLLERR | EPOLLHUP)) != 0};
    return n > 0 ? (size_t)n : 0;
}

#else

bool lcf_sockets_open(struct lcf_sockets *s)
{
    *s = (struct lcf_sockets){.epoll = -1};
    return true;
}

void lcf_sockets_close(struct lcf_sockets *s)
{
    free(s->polled);
    *s = (struct lcf_sockets){.epoll = -1};
}

static size_t place_of(const struct lcf_sockets *s, int fd)
{
    size_t i = 0;
    while (i < s->count && s->polled[i].fd != fd) i++;
    return i;
}

static bool make_room(struct lcf_sockets *s)
{
    if (s->count < s->room) return true;
    size_t room = s->room ? s->room * 2 : 16;
    struct pollfd *polled = realloc(s->polled, room * sizeof *polled);
    if (!polled) return false;
    s->polled = polled;
    s->room = room;
    return true;
}

void lcf_sockets_watch(struct lcf_sockets *s, int fd, bool reads, bool writes)
{
    size_t i = place_of(s, fd);
    if (!reads && !writes) {
        if (i < s->count) s->polled[i] = s->polled[--s->count];
        return;
    }
    if (i == s->count && !make_room(s)) return;
    if (i == s->count) s->count++;
    s->polled[i] = (struct pollfd){.fd = fd, .events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0))};
}

size_t lcf_sockets_wait(struct lcf_sockets *s, double seconds, struct lcf_ready *ready)
{
    size_t n = 0;
    if (poll(s->polled, (nfds_t)s->count, milliseconds(seconds)) <= 0) return 0;
    s->turn++; /* another is first each time: a busy one must not starve the rest */
    for (size_t i = 0; i < s->count && n < LCF_READY_MAX; i++) {
        const struct pollfd *p = &s->polled[(s->turn + i) % s->count];
        short got = p->revents;
        if (got)
            ready[n++] = (struct lcf_ready){p->fd, (got & POLLIN) != 0, (got & POLLOUT) != 0,
                                            (got & (POLLERR | POLLHUP | POLLNVAL)) != 0};
    }
    return n;
}

#endif
