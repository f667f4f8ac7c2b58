#define _DEFAULT_SOURCE
#include "multi.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WAKE_UPS 5          /* nothing else keeps step with the pair for so long by chance */
#define DESCRIPTORS 65536   /* among which it is sought */

/* How many bytes lie at one of a pair: of sockets at the one that reads or the one that wrote, of a pipe at both. */
static int bytes_at(int fd)
{
    int in = 0, out = 0;
    bool known = ioctl(fd, FIONREAD, &in) == 0;
    known = ioctl(fd, TIOCOUTQ, &out) == 0 || known;
    return known ? in + out : -1;
}

/* Whether `fd` is one of the pair: its unread bytes grow equally with each wake-up and are gone after the handle has
 * waited. A descriptor's number proves nothing, because other threads open descriptors too. */
static bool keeps_step(CURLM *multi, int fd)
{
    int times = 0, step = 0;
    if (bytes_at(fd) != 0) return false;
    while (times < WAKE_UPS && curl_multi_wakeup(multi) == CURLM_OK) {
        int bytes = bytes_at(fd);
        if (times == 0) step = bytes;
        if (step <= 0 || bytes != step * (times + 1)) break;
        times++;
    }
    curl_multi_poll(multi, NULL, 0, 0, NULL);
    return times == WAKE_UPS && bytes_at(fd) == 0;
}

static bool is_inherited(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* Most likely it lies where the lowest free descriptors were. */
static void keep_pair(CURLM *multi, int lowest)
{
    long most = sysconf(_SC_OPEN_MAX);
    int end = most > 0 && most < DESCRIPTORS ? (int)most : DESCRIPTORS;
    for (int i = 0, left = 2; i < end && left > 0; i++) {
        int fd = (lowest + i) % end;
        if (!is_inherited(fd) || !keeps_step(multi, fd)) continue;
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        left--;
    }
}

static int lowest_free(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) close(fd);
    return fd >= 0 ? fd : 0;
}

CURLM *lcf_multi_new(void)
{
    if (curl_version_info(CURLVERSION_NOW)->version_num >= 0x080800) return curl_multi_init();
    int lowest = lowest_free();
    CURLM *multi = curl_multi_init();
    if (multi) keep_pair(multi, lowest);
    return multi;
}
