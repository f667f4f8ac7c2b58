/* The parts of transport that need no engine: causes, and where a system keeps its certificate authorities. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../src/transport/clock.h"
#include "../../src/transport/engine.h"
#include "../../src/transport/exchange.h"
#include "../../src/transport/harden.h"
#include "../../src/transport/truststore.h"

#include <curl/curl.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* Causes: what libcurl said, read with what we know: whether the request was announced. */

static void a_failure_is_named_by_how_far_the_attempt_came(void **state)
{
    static const struct {
        int rc;
        enum lcf_cause before, after; /* the request was announced */
    } rows[] = {
        {CURLE_OK, LCF_ANSWERED, LCF_ANSWERED},
        {CURLE_COULDNT_RESOLVE_HOST, LCF_RESOLVE, LCF_RESOLVE},
        {CURLE_COULDNT_RESOLVE_PROXY, LCF_RESOLVE, LCF_RESOLVE},
        {CURLE_COULDNT_CONNECT, LCF_CONNECT, LCF_BROKEN}, /* occurs after sending, too */
        {CURLE_PROXY, LCF_CONNECT, LCF_BROKEN},
        {CURLE_SSL_CONNECT_ERROR, LCF_HANDSHAKE, LCF_HANDSHAKE},
        {CURLE_PEER_FAILED_VERIFICATION, LCF_CERTIFICATE, LCF_CERTIFICATE},
        {CURLE_SSL_ISSUER_ERROR, LCF_CERTIFICATE, LCF_CERTIFICATE},
        {CURLE_SSL_CACERT_BADFILE, LCF_CONFIGURE, LCF_MALFORMED},
        {CURLE_SSL_CIPHER, LCF_CONFIGURE, LCF_MALFORMED},
        {CURLE_URL_MALFORMAT, LCF_CONFIGURE, LCF_MALFORMED},
        {CURLE_UNSUPPORTED_PROTOCOL, LCF_CONFIGURE, LCF_MALFORMED}, /* an answer that is not HTTP */
        {CURLE_UNKNOWN_OPTION, LCF_CONFIGURE, LCF_MALFORMED},
        {CURLE_NOT_BUILT_IN, LCF_CONFIGURE, LCF_MALFORMED},
        {CURLE_BAD_FUNCTION_ARGUMENT, LCF_CONFIGURE, LCF_MALFORMED},
        {CURLE_OPERATION_TIMEDOUT, LCF_TIMED_OUT, LCF_TIMED_OUT},
        {CURLE_FAILED_INIT, LCF_NO_MEMORY, LCF_NO_MEMORY},
        {CURLE_OUT_OF_MEMORY, LCF_NO_MEMORY, LCF_NO_MEMORY},
        {CURLE_WRITE_ERROR, LCF_CONNECT, LCF_MALFORMED},
        {CURLE_HTTP2, LCF_CONNECT, LCF_MALFORMED},
        {CURLE_WEIRD_SERVER_REPLY, LCF_CONNECT, LCF_MALFORMED},
        {CURLE_HTTP2_STREAM, LCF_CONNECT, LCF_BROKEN},
        {CURLE_GOT_NOTHING, LCF_CONNECT, LCF_BROKEN},
        {CURLE_SEND_ERROR, LCF_CONNECT, LCF_BROKEN},
        {CURLE_RECV_ERROR, LCF_CONNECT, LCF_BROKEN},
        {CURLE_PARTIAL_FILE, LCF_CONNECT, LCF_BROKEN},
        {CURLE_ABORTED_BY_CALLBACK, LCF_CONNECT, LCF_BROKEN}, /* a silent re-send, stopped */
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum lcf_cause before = lcf_cause_of(rows[i].rc, false), after = lcf_cause_of(rows[i].rc, true);
        if (before == rows[i].before && after == rows[i].after) continue;
        wrong++;
        print_error("  %s: cause %d before, %d after\n", curl_easy_strerror(rows[i].rc), (int)before, (int)after);
    }
    assert_int_equal(wrong, 0);
}

/* The trust store, on systems that are not this one: libcurl's own answers stay as they are. */

static bool no_directories, no_hashes, no_files;

__attribute__((visibility("default"))) DIR *opendir(const char *name)
{
    DIR *(*real)(const char *);
    *(void **)&real = dlsym(RTLD_NEXT, "opendir");
    if (no_hashes) return real("/proc/self/fd"); /* has names, but none of a hash */
    if (!no_directories) return real(name);
    errno = ENOENT;
    return NULL;
}

__attribute__((visibility("default"))) int access(const char *name, int mode)
{
    int (*real)(const char *, int);
    *(void **)&real = dlsym(RTLD_NEXT, "access");
    if (!no_files) return real(name, mode);
    errno = ENOENT;
    return -1;
}

static enum lcf_store first_found(struct lcf_trust *trust)
{
    *trust = (struct lcf_trust){0};
    return lcf_truststore_first(trust);
}

static void a_hashed_directory_is_asked_first_else_a_bundle_else_nothing(void **state)
{
    struct lcf_trust trust;
    (void)state;
    assert_int_equal(first_found(&trust), LCF_STORE_DIRECTORY); /* Debian's certificates come in both forms */
    assert_non_null(trust.path);
    assert_non_null(trust.file);
    no_hashes = true;
    assert_int_equal(first_found(&trust), LCF_STORE_BUNDLE);
    no_hashes = false;
    no_directories = true;
    assert_int_equal(first_found(&trust), LCF_STORE_BUNDLE);
    no_files = true;
    assert_int_equal(first_found(&trust), LCF_STORE_NONE);
    no_directories = no_files = false;
    assert_int_equal(lcf_truststore_first(&trust), LCF_STORE_DIRECTORY); /* it has appeared since */
}

static void where_one_store_did_not_do_the_other_is_asked(void **state)
{
    struct lcf_trust trust;
    (void)state;
    first_found(&trust);
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_DIRECTORY, lcf_now()), LCF_STORE_BUNDLE);
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_BUNDLE, lcf_now()), LCF_STORE_DIRECTORY);
    no_files = true;
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_DIRECTORY, lcf_now()), LCF_STORE_NONE);
    no_directories = true;
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_NONE, lcf_now()), LCF_STORE_NONE);
    no_files = false;
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_NONE, lcf_now()), LCF_STORE_BUNDLE);
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_BUNDLE, lcf_now()), LCF_STORE_NONE);
    no_directories = false;
}

static void the_bundle_that_did_stays_first_while_it_is_there(void **state)
{
    struct lcf_trust trust;
    (void)state;
    first_found(&trust);
    trust.first = LCF_STORE_BUNDLE;
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_BUNDLE, lcf_now()), LCF_STORE_DIRECTORY);
    assert_int_equal(lcf_truststore_first(&trust), LCF_STORE_BUNDLE);
    no_files = true;
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_BUNDLE, lcf_now()), LCF_STORE_DIRECTORY);
    assert_int_equal(lcf_truststore_first(&trust), LCF_STORE_DIRECTORY);
    no_files = false;
}

/* libcurl reads a bundle once a day. */
static void a_bundle_that_has_changed_is_asked_again_and_read_anew(void **state)
{
    struct lcf_trust trust;
    (void)state;
    no_directories = true;
    first_found(&trust);
    assert_int_equal(lcf_truststore_kept(&trust), 86400);
    double before = lcf_now();
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_BUNDLE, before), LCF_STORE_NONE);
    assert_int_equal(lcf_truststore_kept(&trust), 86400);
    trust.bundle.nanoseconds++;
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_BUNDLE, before), LCF_STORE_BUNDLE);
    assert_int_equal(lcf_truststore_kept(&trust), 0);
    /* So for another call in flight, which had been judged by the old one, but not for a later one. */
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_BUNDLE, before), LCF_STORE_BUNDLE);
    assert_int_equal(lcf_truststore_other(&trust, LCF_STORE_BUNDLE, lcf_now() + 1), LCF_STORE_NONE);
    trust.changed -= 100.5;
    assert_int_equal(lcf_truststore_kept(&trust), 100);
    no_directories = false;
}

static size_t unread(void *at, size_t size, size_t count, void *data)
{
    (void)at, (void)data;
    return size * count;
}

/* Whether the sandbox is trusted by a client of these authorities, where libcurl adds its own to one that is alone. */
static CURLcode shaken_with(char *ca_file, char *ca_path)
{
    const struct lcf_route route = {.ca_file = ca_file, .ca_path = ca_path};
    const struct lcf_trust system = {.adds_default = true};
    CURL *easy = curl_easy_init();
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_URL, getenv("SANDBOX_TLS_BASE_URL"));
    if (rc == CURLE_OK) rc = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, unread);
    if (rc == CURLE_OK) rc = lcf_harden_trust(easy, &route, &system, LCF_STORE_NONE);
    if (rc == CURLE_OK) rc = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    return rc;
}

static void a_file_or_a_directory_of_a_caller_is_enough_where_libcurl_would_add_its_own(void **state)
{
    char strangers[] = "/tmp/authorities.XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(strangers));
    assert_int_equal(shaken_with(getenv("SANDBOX_CA_FILE"), NULL), CURLE_OK);
    assert_int_equal(shaken_with(NULL, getenv("SANDBOX_CA_PATH")), CURLE_OK);
    assert_int_not_equal(shaken_with(NULL, strangers), CURLE_OK); /* it is empty */
    assert_int_equal(rmdir(strangers), 0);
}

/* No memory for what the module asks for, while this holds. */
static bool starved;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return starved ? NULL : __real_malloc(size);
}

void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    return starved ? MAP_FAILED : __real_mmap(at, size, protection, flags, file, offset);
}

static void without_a_page_that_tells_a_child_there_is_no_engine(void **state)
{
    (void)state;
    starved = true;
    struct lcf_engine *engine = lcf_engine_new();
    starved = false;
    assert_null(engine);
}

static void without_memory_for_another_attempt_a_call_ends_with_what_is_proven(void **state)
{
    (void)state;
    static const char id[] = "0123456789abcdef0123456789abcdef";
    static const struct lcf_intent intent = {.name = "tokens.delete", .method = LCF_DELETE, .nature = LCF_REMOVE};
    const struct lcf_request request = {.intent = &intent, .url = "http://127.0.0.1/", .account = id,
                                        .id = id, .limits = {.timeout = 1000, .attempt_timeout = 10, .max_retries = 2}};
    struct lcf_profile *profile = lcf_profile_new();
    struct lcf_secret *secret = lcf_secret_bearer((struct lcf_text){"a-credential", 12});
    struct lcf_exchange *x = lcf_exchange_new(&request, profile, secret, 0);
    struct lcf_carrier carrier = {0};
    const struct lcf_entry lost = {.method = LCF_DELETE, .phase = LCF_SENT, .cause = LCF_BROKEN, .retry_after = -1};
    const struct lcf_entry empty = {.method = LCF_GET, .phase = LCF_COMPLETE, .status = 502, .retry_after = -1};
    x->entries[x->count++] = lost;
    while (x->count < x->room) x->entries[x->count++] = empty;
    starved = true;
    lcf_exchange_turn(x, &carrier, 100, 0);
    starved = false;
    assert_int_equal(x->state, LCF_ENDED);
    assert_int_equal(x->outcome, LCF_UNKNOWN);
    assert_int_equal(x->kind, LCF_KIND_HOST);
    lcf_exchange_release(x);
    lcf_secret_release(secret);
    lcf_profile_release(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_named_by_how_far_the_attempt_came),
        cmocka_unit_test(a_hashed_directory_is_asked_first_else_a_bundle_else_nothing),
        cmocka_unit_test(where_one_store_did_not_do_the_other_is_asked),
        cmocka_unit_test(the_bundle_that_did_stays_first_while_it_is_there),
        cmocka_unit_test(a_bundle_that_has_changed_is_asked_again_and_read_anew),
        cmocka_unit_test(a_file_or_a_directory_of_a_caller_is_enough_where_libcurl_would_add_its_own),
        cmocka_unit_test(without_a_page_that_tells_a_child_there_is_no_engine),
        cmocka_unit_test(without_memory_for_another_attempt_a_call_ends_with_what_is_proven),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
