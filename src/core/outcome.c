#include "outcome.h"

bool lcf_is_failure(enum lcf_outcome outcome)
{
    return outcome == LCF_NOT_FOUND || outcome == LCF_NOT_SENT || outcome == LCF_REFUSED || outcome == LCF_UNKNOWN ||
           outcome == LCF_FAILED;
}

const char *lcf_outcome_name(enum lcf_outcome outcome)
{
    static const char *const names[] = {
        [LCF_PENDING] = "pending",   [LCF_OK] = "ok",
        [LCF_DELETED] = "deleted",   [LCF_GONE] = "gone",
        [LCF_ACCEPTED] = "accepted", [LCF_NOT_FOUND] = "not_found",
        [LCF_NOT_SENT] = "not_sent", [LCF_REFUSED] = "refused",
        [LCF_UNKNOWN] = "unknown",   [LCF_FAILED] = "failed",
    };
    return names[outcome];
}

const char *lcf_kind_name(enum lcf_kind kind)
{
    static const char *const names[] = {
        [LCF_KIND_NONE] = "none",         [LCF_KIND_ARGUMENT] = "argument",   [LCF_KIND_API] = "api",
        [LCF_KIND_NETWORK] = "network",   [LCF_KIND_TIMEOUT] = "timeout",     [LCF_KIND_TLS] = "tls",
        [LCF_KIND_RESPONSE] = "response", [LCF_KIND_CANCELLED] = "cancelled", [LCF_KIND_HOST] = "host",
    };
    return names[kind];
}

const char *lcf_method_name(enum lcf_method method)
{
    static const char *const names[] = {"GET", "DELETE", "POST", "PUT", "PATCH"};
    return names[method];
}

enum lcf_kind lcf_cause_kind(enum lcf_cause cause)
{
    static const enum lcf_kind kinds[] = {
        [LCF_ANSWERED] = LCF_KIND_API,        [LCF_RESOLVE] = LCF_KIND_NETWORK, [LCF_CONNECT] = LCF_KIND_NETWORK,
        [LCF_HANDSHAKE] = LCF_KIND_TLS,       [LCF_CERTIFICATE] = LCF_KIND_TLS, [LCF_CONFIGURE] = LCF_KIND_TLS,
        [LCF_TIMED_OUT] = LCF_KIND_TIMEOUT,   [LCF_BROKEN] = LCF_KIND_NETWORK,  [LCF_MALFORMED] = LCF_KIND_RESPONSE,
        [LCF_COMPRESSED] = LCF_KIND_RESPONSE, [LCF_NO_MEMORY] = LCF_KIND_HOST,  [LCF_NO_THREAD] = LCF_KIND_HOST,
        [LCF_CANCELLED] = LCF_KIND_CANCELLED,
    };
    return kinds[cause];
}
