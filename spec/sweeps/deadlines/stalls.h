#ifndef LCF_SPEC_STALLS_H
#define LCF_SPEC_STALLS_H

#include "../../../src/core/outcome.h"
#include "server.h"

/* Where an exchange can stall, and how a call must end then. */

#define EMPTY "Content-Length: 0\r\n\r\n"
#define NO "{\"success\":false,\"errors\":[{\"code\":1,\"message\":\"\"}],\"messages\":[],\"result\":null}"
#define THROTTLED "HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nContent-Length: 80\r\n\r\n" NO
#define MISSING "HTTP/1.1 404 Not Found\r\nContent-Length: 80\r\n\r\n" NO
#define BAD_GATEWAY "HTTP/1.1 502 Bad Gateway\r\n" EMPTY
#define HEADERS "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

#define SOMEHOW LCF_PENDING /* as far as it comes: how long a handshake is, is the TLS libraries' affair */
#define LONG_HANDSHAKE 2600   /* bytes that one may take; what relays more must come to an answer */

enum route { DIRECT, OVER_TLS, THROUGH_PROXY, NAMELESS, NAMELESS_PROXY };
enum asking { NOTHING, JUST_FITS, DOES_NOT_FIT };

struct stall {
    const char *name;
    enum lcf_outcome ends;
    enum route route;
    enum asking asks;     /* what "%d" in an answer is */
    bool check_first;
    bool reads;           /* the operation is a read */
    bool is_blocked;      /* another call of the client has been told to wait */
    struct trouble trouble;
};

#define SILENT_GET {.at_once = NULL}
#define BROKEN {.at_once = "HTTP/1.1 200 OK\r\n", .closes = true}

static const struct stall stalls[] = {
    {"a resolver that hangs", LCF_NOT_SENT, .route = NAMELESS},
    {"a resolver that hangs for the proxy", LCF_NOT_SENT, .route = NAMELESS_PROXY},
    {"a resolver that hangs before check_first", LCF_NOT_SENT, .route = NAMELESS, .check_first = true},
    {"a full backlog", LCF_NOT_SENT, .trouble = {NEVER_ACCEPTS}},
    {"a full backlog before TLS", LCF_NOT_SENT, OVER_TLS, .trouble = {NEVER_ACCEPTS}},
    {"a full backlog of the proxy", LCF_NOT_SENT, THROUGH_PROXY, .trouble = {NEVER_ACCEPTS}},
    {"connections refused", LCF_NOT_SENT, .trouble = {REFUSES}},
    {"connections refused to a read", LCF_NOT_SENT, .reads = true, .trouble = {REFUSES}},
    {"connections refused to check_first", LCF_NOT_SENT, .check_first = true, .trouble = {REFUSES}},
    {"a proxy that does not answer", LCF_NOT_SENT, THROUGH_PROXY, .trouble = {ANSWERS}},
    {"a proxy that drips its answer", LCF_NOT_SENT, THROUGH_PROXY,
     .trouble = {ANSWERS, .to_delete = {"HTTP/1.1 200 OK\r\nX-", "x"}}},
    {"a proxy behind which nothing answers", LCF_NOT_SENT, THROUGH_PROXY,
     .trouble = {ANSWERS, .to_delete = {"HTTP/1.1 200 OK\r\n\r\n"}}},
    {"the request's first byte", LCF_UNKNOWN, .trouble = {READS_ONE_BYTE}},
    {"no answer", LCF_UNKNOWN, .trouble = {ANSWERS}},
    {"no answer, but to the GET", LCF_UNKNOWN, .trouble = {ANSWERS, .to_get = {MISSING}}},
    {"no answer to a read", LCF_FAILED, .reads = true, .trouble = {ANSWERS}},
    {"no answer to check_first", LCF_NOT_SENT, .check_first = true, .trouble = {ANSWERS}},
    {"within the status line", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {"HTTP/1.1 20"}}},
    {"between status line and headers", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {"HTTP/1.1 200 OK\r\n"}}},
    {"within the headers", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {HEADERS "Content-Le"}}},
    {"after the headers", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {HEADERS "Content-Length: 90\r\n\r\n"}}},
    {"within the body", LCF_UNKNOWN,
     .trouble = {ANSWERS, .to_delete = {HEADERS "Content-Length: 90\r\n\r\n{\"success\":true"}}},
    {"within a chunk", LCF_UNKNOWN,
     .trouble = {ANSWERS, .to_delete = {HEADERS "Transfer-Encoding: chunked\r\n\r\n40\r\n{\"success\""}}},
    {"before the last chunk", LCF_UNKNOWN,
     .trouble = {ANSWERS, .to_delete = {HEADERS "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"}}},
    {"a body that is closed by nobody", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {HEADERS "\r\n{}"}}},
    {"after a 100", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {"HTTP/1.1 100 Continue\r\n\r\n"}}},
    {"dripping headers", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {HEADERS "X-", "x"}}},
    {"dripping lines of headers", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {HEADERS, "X: y\r\n"}}},
    {"a dripping body", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = {HEADERS "\r\n", " "}}},
    {"dripping chunks", LCF_UNKNOWN,
     .trouble = {ANSWERS, .to_delete = {HEADERS "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"}}},
    {"a 103 and another and another", LCF_UNKNOWN,
     .trouble = {ANSWERS, .to_delete = {NULL, "HTTP/1.1 103 Early Hints\r\n\r\n"}}},
    {"the confirming GET", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = BROKEN, .to_get = SILENT_GET}},
    {"the confirming GET, dripping", LCF_UNKNOWN,
     .trouble = {ANSWERS, .to_delete = BROKEN, .to_get = {HEADERS "\r\n", " "}}},
    {"backoff between GETs", LCF_UNKNOWN,
     .trouble = {ANSWERS, .to_delete = {BAD_GATEWAY}, .to_get = {BAD_GATEWAY}}},
    {"backoff between GETs that break", LCF_UNKNOWN, .trouble = {ANSWERS, .to_delete = BROKEN, .to_get = BROKEN}},
    {"backoff between reads", LCF_FAILED, .reads = true, .trouble = {ANSWERS, .to_get = {BAD_GATEWAY}}},
    {"GETs that are slow to say nothing", LCF_UNKNOWN,
     .trouble = {ANSWERS, .to_delete = BROKEN, .to_get = {BAD_GATEWAY, .after = 0.2}}},
    {"a Retry-After that just fits", LCF_REFUSED, .asks = JUST_FITS, .trouble = {ANSWERS, .to_delete = {THROTTLED}}},
    {"a Retry-After that does not fit", LCF_REFUSED, .asks = DOES_NOT_FIT,
     .trouble = {ANSWERS, .to_delete = {THROTTLED}}},
    {"a Retry-After to the GET that just fits", LCF_UNKNOWN, .asks = JUST_FITS,
     .trouble = {ANSWERS, .to_delete = BROKEN, .to_get = {THROTTLED}}},
    {"a Retry-After to the GET that does not fit", LCF_UNKNOWN, .asks = DOES_NOT_FIT,
     .trouble = {ANSWERS, .to_delete = BROKEN, .to_get = {THROTTLED}}},
    {"another call's block that just fits", LCF_REFUSED, .asks = JUST_FITS, .is_blocked = true,
     .trouble = {ANSWERS, .to_delete = {THROTTLED}}},
    {"another call's block that does not fit", LCF_NOT_SENT, .asks = DOES_NOT_FIT, .is_blocked = true,
     .trouble = {ANSWERS, .to_delete = {THROTTLED}}},
    {"nothing: it answers in the end", LCF_NOT_FOUND, .trouble = {ANSWERS, .to_delete = {MISSING, .after = 0.05}}},
#define CUT(name, bytes, ends, version) \
    {name, ends, OVER_TLS, .trouble = {RELAYS, .upstream = "SANDBOX_TLS" version "_BASE_URL", .relays = (bytes)}}
    CUT("a handshake of no byte", 0, LCF_NOT_SENT, ""),
    CUT("a handshake of 1 byte", 1, LCF_NOT_SENT, ""),
    CUT("a handshake of 5 bytes", 5, LCF_NOT_SENT, ""),
    CUT("a handshake of 60 bytes", 60, LCF_NOT_SENT, ""),
    CUT("a handshake of 127 bytes", 127, LCF_NOT_SENT, ""),
    CUT("a handshake of 300 bytes", 300, LCF_NOT_SENT, ""),
    CUT("a handshake of 500 bytes", 500, LCF_NOT_SENT, ""),
    CUT("HTTP/2 that ends after 1,500 bytes", 1500, SOMEHOW, ""),
    CUT("TLS that ends after 1,500 bytes", 1500, SOMEHOW, "1"),
    CUT("HTTP/2 that ends after 2,600 bytes", 2600, SOMEHOW, ""),
    CUT("TLS that ends after 2,600 bytes", 2600, SOMEHOW, "1"),
    CUT("HTTP/2 that does not end", 100000, SOMEHOW, ""),
};

#endif
