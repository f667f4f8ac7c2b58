#define _POSIX_C_SOURCE 200809L
#include "journal.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ends a torn line and marks it as void. A line that lacked only its newline would otherwise be a complete entry once
 * the next line is written. */
static const char VOID[] = " torn\n";

struct journal {
    int fd; /* -1 where none is open */
};

/* [-0, +0, -] */
static int journal_gc(lua_State *L)
{
    struct journal *j = lua_touserdata(L, 1);
    if (j->fd >= 0) close(j->fd);
    j->fd = -1;
    return 0;
}

/* [-0, +2, e] */
static int push_errno(lua_State *L)
{
    int why = errno;
    lua_pushnil(L);
    lua_pushstring(L, strerror(why));
    return 2;
}

/* Whether the last line has no end: a process was killed, or had no room, while it wrote. Other processes may write to
 * the file, too, so this is asked before each line. */
static bool ends_torn(int fd)
{
    char last = '\n';
    off_t size = lseek(fd, 0, SEEK_END);
    return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/* [-0, +1, e] A file that is not open yet: its collector is right for it from the start. */
static struct journal *push_closed(lua_State *L)
{
    struct journal *j = lua_newuserdata(L, sizeof *j);
    *j = (struct journal){.fd = -1};
    lcf_state_get(L, LCF_SLOT_JOURNAL_META);
    lua_setmetatable(L, -2);
    return j;
}

/* Never as descriptor 0, 1 or 2: where the host has closed one of them, open() returns its number, and what the
 * program prints would go into the journal. */
static int open_to_append(const char *path)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fd > STDERR_FILENO) return fd;
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), why = errno;
    close(fd);
    errno = why;
    return higher;
}

/* [-0, +0, e] The path at 1; NULL, and errno, where a NUL byte in it would cut it short. */
static const char *check_path(lua_State *L)
{
    size_t len;
    const char *path = luaL_checklstring(L, 1, &len);
    if (strlen(path) == len) return path;
    errno = EINVAL;
    return NULL;
}

int lcf_journal_new(lua_State *L)
{
    struct journal *j = push_closed(L);
    const char *path = check_path(L);
    if (path) j->fd = open_to_append(path);
    return j->fd < 0 ? push_errno(L) : 1;
}

/* Whether all of it was written; errno says why not. */
static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, text, len);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text += written;
        len -= (size_t)written;
    }
    return true;
}

int lcf_journal_write(lua_State *L)
{
    struct journal *j = lcf_state_check(L, 1, LCF_SLOT_JOURNAL_META, "cloudflare.journal");
    size_t len;
    const char *line = luaL_checklstring(L, 2, &len);
    if (ends_torn(j->fd) && !write_all(j->fd, VOID, sizeof VOID - 1)) return push_errno(L);
    if (!write_all(j->fd, line, len)) return push_errno(L);
    lua_pushboolean(L, 1);
    return 1;
}

/* Some devices, /dev/full for one, are read without end; none keeps what is written to it. */
static bool is_device(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode);
}

int lcf_journal_read(lua_State *L)
{
    struct journal *j = push_closed(L);
    const char *path = check_path(L);
    if (path) j->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (j->fd < 0) return push_errno(L);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (ssize_t got = !is_device(j->fd); got != 0;) {
        got = read(j->fd, luaL_prepbuffer(&b), LUAL_BUFFERSIZE);
        if (got < 0 && errno != EINTR) return push_errno(L);
        if (got > 0) luaL_addsize(&b, (size_t)got);
    }
    luaL_pushresult(&b);
    return 1;
}

void lcf_journal_open(lua_State *L)
{
    lcf_state_userdata(L, LCF_SLOT_JOURNAL_META, "cloudflare.journal", journal_gc);
}
