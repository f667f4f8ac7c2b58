#include "kinds.h"
#include "alphabet.h"

#include <stdint.h>

#define LETTERS 40 /* of a token's value, without prefix and checksum */
#define CHECKSUM 8 /* digits */

static bool is_letter_of_value(char byte)
{
    return lcf_is_digit(byte) || lcf_is_letter(byte) || byte == '_' || byte == '-';
}

/* Whether it is `len` bytes, each of which is allowed. */
static bool is_all(struct lcf_span text, int len, bool (*allowed)(char))
{
    return text.end - text.at == len && lcf_all(text, allowed);
}

/* CRC-32 as zlib and gzip have it. */
static uint32_t crc_of(struct lcf_span text)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (int byte; (byte = lcf_next(&text)) >= 0;) {
        crc ^= (uint32_t)byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

/* Whether a number is written so, in lower case, the highest digit first. */
static bool is_written(uint32_t number, struct lcf_span digits)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        if (lcf_next(&digits) != "0123456789abcdef"[(number >> shift) & 0xF]) return false;
    return true;
}

/* Of what stands behind a prefix: forty characters, and the checksum of these. */
static enum lcf_checksum check(struct lcf_span text)
{
    if (text.end - text.at != LETTERS + CHECKSUM) return LCF_CHECKSUM_WRONG;
    const char *middle = text.at + LETTERS;
    uint32_t crc = crc_of((struct lcf_span){text.at, middle});
    return is_written(crc, (struct lcf_span){middle, text.end}) ? LCF_CHECKSUM_FITS : LCF_CHECKSUM_WRONG;
}

/* How a kind is told by the beginning of its values. */
struct prefix {
    const char *word;
    enum lcf_value_kind kind;
    bool has_checksum;
};

static const struct prefix prefixes[] = {
    {"cfat_", LCF_VALUE_ACCOUNT, true},
    {"cfut_", LCF_VALUE_USER, true},
    {"cfk_", LCF_VALUE_KEY, true},
    {"cfoat_", LCF_VALUE_OAUTH, false},
};

/* How it is told by length and alphabet. */
struct shape {
    int len;
    bool (*allowed)(char);
    enum lcf_value_kind kind;
};

static const struct shape shapes[] = {
    {32, lcf_is_hex, LCF_VALUE_ID},
    {37, lcf_is_hex, LCF_VALUE_KEY},
    {LETTERS, is_letter_of_value, LCF_VALUE_OLDER},
    {64, lcf_is_hex, LCF_VALUE_R2_SECRET},
};

struct lcf_value lcf_value_of(struct lcf_span value)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        struct lcf_span rest = value;
        if (!lcf_take_word(&rest, prefixes[i].word)) continue;
        return (struct lcf_value){prefixes[i].kind, prefixes[i].has_checksum ? check(rest) : LCF_CHECKSUM_NONE};
    }
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (is_all(value, shapes[i].len, shapes[i].allowed))
            return (struct lcf_value){shapes[i].kind, LCF_CHECKSUM_NONE};
    return (struct lcf_value){LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE};
}

const char *lcf_value_kind_name(enum lcf_value_kind kind)
{
    static const char *const names[] = {
        [LCF_VALUE_UNKNOWN] = "unknown", [LCF_VALUE_ACCOUNT] = "account", [LCF_VALUE_USER] = "user",
        [LCF_VALUE_KEY] = "key",         [LCF_VALUE_OAUTH] = "oauth",     [LCF_VALUE_R2_SECRET] = "r2_secret",
        [LCF_VALUE_ID] = "id",           [LCF_VALUE_OLDER] = "older",
    };
    return names[kind];
}
