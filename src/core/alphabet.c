#include "alphabet.h"

bool lcf_is_letter(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

int lcf_lower(int byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

bool lcf_is_hex(char byte)
{
    return lcf_is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

bool lcf_all(struct lcf_span text, bool (*allowed)(char))
{
    for (; text.at < text.end; text.at++)
        if (!allowed(*text.at)) return false;
    return true;
}

bool lcf_starts_with(struct lcf_span text, const char *prefix)
{
    return lcf_take_word(&text, prefix);
}

bool lcf_take_any_case(struct lcf_span *text, const char *word)
{
    struct lcf_span rest = *text;
    for (; *word; word++)
        if (lcf_lower(lcf_next(&rest)) != *word) return false;
    *text = rest;
    return true;
}
