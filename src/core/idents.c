#include "idents.h"
#include "alphabet.h"

#include <string.h>

static bool is_lower_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

/* Account tokens, user tokens and keys carry these prefixes; older keys have 37 characters, tokens 40. */
static bool looks_secret(struct lcf_span id)
{
    return lcf_starts_with(id, "cfat_") || lcf_starts_with(id, "cfut_") || lcf_starts_with(id, "cfk_") ||
           id.end - id.at >= 37;
}

enum lcf_id_fault lcf_check_id(struct lcf_span id)
{
    if (lcf_is_empty(id)) return LCF_ID_EMPTY;
    if (looks_secret(id)) return LCF_ID_SECRET;
    if (id.end - id.at != LCF_ID_LEN) return LCF_ID_LENGTH;
    if (lcf_all(id, is_lower_hex)) return LCF_ID_GOOD;
    return lcf_all(id, lcf_is_hex) ? LCF_ID_UPPER_CASE : LCF_ID_BYTES;
}

static bool is_visible(char byte)
{
    return byte > ' ' && byte < 0x7F;
}

static bool is_printable(char byte)
{
    return byte == ' ' || is_visible(byte);
}

static bool fits_a_header(struct lcf_span text)
{
    return !lcf_is_empty(text) && text.end - text.at <= LCF_CREDENTIAL_MAX;
}

static bool is_blank(int byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool ends_with(struct lcf_span text, const char *suffix)
{
    const ptrdiff_t len = (ptrdiff_t)strlen(suffix);
    return text.end - text.at >= len && lcf_starts_with((struct lcf_span){text.end - len, text.end}, suffix);
}

/* Whether it stands between two marks that do not overlap. */
static bool between(struct lcf_span text, const char *open, const char *close)
{
    return lcf_take_word(&text, open) && ends_with(text, close);
}

static bool begins_as_header(struct lcf_span text)
{
    struct lcf_span scheme = text;
    bool name = lcf_take_any_case(&text, "authorization") && lcf_peek(&text) == ':';
    return name || (lcf_take_any_case(&scheme, "bearer") && (lcf_peek(&scheme) == ':' || is_blank(lcf_peek(&scheme))));
}

static bool is_reference(struct lcf_span text)
{
    struct lcf_span rest = text;
    while (lcf_is_letter(lcf_peek(&rest))) (void)lcf_next(&rest);
    return rest.at > text.at && lcf_starts_with(rest, "://");
}

static bool is_masked(struct lcf_span text)
{
    for (; text.at < text.end; text.at++)
        if (lcf_starts_with(text, "***")) return true;
    return false;
}

enum lcf_credential_fault lcf_check_credential(struct lcf_span text)
{
    if (!fits_a_header(text)) return LCF_CREDENTIAL_LENGTH;
    if (is_blank(lcf_peek(&text)) || is_blank(lcf_last(text))) return LCF_CREDENTIAL_ENDS;
    if (begins_as_header(text)) return LCF_CREDENTIAL_HEADER;
    if (between(text, "\"", "\"") || between(text, "'", "'") || between(text, "`", "`")) return LCF_CREDENTIAL_QUOTED;
    if (ends_with(text, "\\n") || ends_with(text, "\\r")) return LCF_CREDENTIAL_WRITTEN_OUT;
    if (between(text, "${", "}") || between(text, "$(", ")") || between(text, "{{", "}}"))
        return LCF_CREDENTIAL_VARIABLE;
    if (between(text, "<", ">")) return LCF_CREDENTIAL_PLACEHOLDER;
    if (is_reference(text)) return LCF_CREDENTIAL_REFERENCE;
    if (is_masked(text)) return LCF_CREDENTIAL_MASKED;
    return lcf_all(text, is_visible) ? LCF_CREDENTIAL_GOOD : LCF_CREDENTIAL_BYTES;
}

bool lcf_check_header_value(struct lcf_span value)
{
    return fits_a_header(value) && lcf_all(value, is_printable) && lcf_peek(&value) != ' ' && lcf_last(value) != ' ';
}
