#include "words.h"
#include "scanner.h"

static unsigned long point_of(const unsigned char *bytes, size_t len)
{
    static const unsigned char lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07}; /* the bits of a first byte that count */
    unsigned long point = bytes[0] & lead[len];
    for (size_t i = 1; i < len; i++) point = point * 0x40 + (bytes[i] & 0x3F);
    return point;
}

static bool may_stand(unsigned long point)
{
    static const struct {
        unsigned long first, last;
    } banned[] = {
        {0x7F, 0x9F},     /* DEL and the C1 controls */
        {0x61C, 0x61C},   /* the Arabic letter mark */
        {0x200E, 0x200F}, /* left-to-right and right-to-left marks */
        {0x2028, 0x202E}, /* line and paragraph separators, embeddings and overrides */
        {0x2066, 0x2069}, /* isolates */
    };
    for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
        if (point >= banned[i].first && point <= banned[i].last) return false;
    return true;
}

/* Takes the next character, or one byte that is none, and gives what stands for it. */
static size_t take_harmless(struct lcf_span *words, unsigned char out[4])
{
    struct lcf_span rest = *words;
    size_t len = lcf_utf8_take(&rest, out);
    if (len) *words = rest;
    else (void)lcf_next(words);
    if (len && may_stand(point_of(out, len))) return len;
    out[0] = ' ';
    return 1;
}

size_t lcf_words_copy(struct lcf_span words, char *out, size_t max)
{
    unsigned char character[4] = {0};
    size_t written = 0;
    while (!lcf_is_empty(words)) {
        size_t len = take_harmless(&words, character), i = 0;
        for (; i < len && written < max; i++) out[written++] = (char)character[i];
        if (i < len) return written - i;
    }
    return written;
}
