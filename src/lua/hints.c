#include "hints.h"

#include <stddef.h>
#include <string.h>

#define NOT_ACCEPTED \
    "the credential is revoked or expired, of another account or of the other kind (account's, user's), or was made " \
    "seconds ago"
#define ELSEWHERE NOT_ACCEPTED "; a user's token is verified at /user/tokens/verify"
#define LOCKED_OUT "after too many bad credentials good ones are refused too: wait up to half an hour"

static const struct lcf_hint hints[] = {
    {1000, 401, "tokens.verify", NULL, ELSEWHERE, NULL},
    {1000, 401, NULL, NULL, NOT_ACCEPTED, "not_accepted"},
    {1001, 401, "tokens.verify", "Invalid API Token", ELSEWHERE, NULL},
    {1001, 401, NULL, "Invalid API Token", NOT_ACCEPTED, "not_accepted"},
    {6003, 400, NULL, "Authorization header", "a global API key goes into api_key and api_email, not into api_token",
     NULL},
    {6003, 400, NULL, "X-Auth-Key header", "a token goes into api_token, not into api_key", NULL},
    {7000, 404, NULL, NULL, "check the account id and base_url", NULL},
    {7003, 404, NULL, NULL, "check the account id and base_url", NULL},
    {9103, 403, NULL, NULL, "api_email and api_key do not belong together", NULL},
    {9106, 400, NULL, "Missing", "the credential was taken off on the way: check base_url and the proxy", NULL},
    {9109, 403, NULL, "Unauthorized to access", NULL, NULL},
    {9109, 403, NULL, "from location", "the token is valid, but its conditions do not allow it from this address",
     "elsewhere"},
    {9109, 403, NULL, "Invalid access token", NOT_ACCEPTED, "not_accepted"},
    {9109, 403, NULL, "Max auth failures", LOCKED_OUT, "lockout"},
    {10000, 401, NULL, NULL, "good credentials have met this in passing: try once more before you replace it", NULL},
    {10000, 403, NULL, NULL, "good credentials have met this in passing: try once more before you replace it", NULL},
    {10502, 0, NULL, NULL, LOCKED_OUT, "lockout"},
};

static bool holds(const char *words, const char *part)
{
    return words && strstr(words, part);
}

const struct lcf_hint *lcf_hint_find(const char *operation, int status, const struct lcf_said *said)
{
    for (size_t i = 0; said->has_code && i < sizeof hints / sizeof *hints; i++) {
        const struct lcf_hint *hint = &hints[i];
        if (hint->code != said->code || (hint->status && hint->status != status)) continue;
        if (hint->operation && strcmp(hint->operation, operation) != 0) continue;
        if (!hint->words || holds(said->message, hint->words) || holds(said->cause, hint->words)) return hint;
    }
    return NULL;
}
