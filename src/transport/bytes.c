#define _DEFAULT_SOURCE
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

void lcf_wipe(void *at, size_t len)
{
    if (len) explicit_bzero(at, len);
}

/* By hand: realloc would leave an unwiped copy behind. */
static bool grow(struct lcf_bytes *b, size_t least)
{
    size_t room = b->room ? b->room * 2 : 1024;
    while (room < least) room *= 2;
    char *at = malloc(room);
    if (!at) return false;
    if (b->len) memcpy(at, b->at, b->len);
    lcf_wipe(b->at, b->len);
    free(b->at);
    b->at = at;
    b->room = room;
    return true;
}

bool lcf_bytes_append(struct lcf_bytes *b, const void *data, size_t len)
{
    if (len == 0) return true;
    if (len > b->max - b->len) return false;
    if (len > b->room - b->len && !grow(b, b->len + len)) return false;
    memcpy(b->at + b->len, data, len);
    b->len += len;
    return true;
}

struct lcf_text lcf_bytes_text(const struct lcf_bytes *b)
{
    return (struct lcf_text){b->len ? b->at : "", b->len};
}

void lcf_bytes_free(struct lcf_bytes *b)
{
    lcf_wipe(b->at, b->len);
    free(b->at);
    *b = (struct lcf_bytes){.max = b->max};
}
