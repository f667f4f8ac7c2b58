/* What a careful C programmer would write to delete many tokens, to be measured against delete_many: one multi handle
 * over HTTP/2, as many in flight as that has (1 at first, 8 until ten were answered, then MOST), and any 200 believed.
 * many TOKENS_URL TOKEN CA_DIRECTORY MOST ID... prints the milliseconds that it took and those of processor time,
 * both without the first request, which opens the connection. */
#define _POSIX_C_SOURCE 200809L
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FLIGHTS = 50, FIRST_FLIGHTS = 8, ENOUGH_ANSWERED = 10 };

struct run {
    CURLM *multi;
    CURL *idle[FLIGHTS];
    int idle_count, in_flight, answered, most;
    const char *base;
    char **next;
    int failed;
};

static size_t discard(char *at, size_t size, size_t count, void *data)
{
    (void)at, (void)data;
    return size * count;
}

static double milliseconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static CURL *new_handle(const struct curl_slist *headers, const char *ca)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, ca);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    return easy;
}

static void begin(struct run *run, const char *method, const char *below)
{
    char url[512];
    CURL *easy = run->idle[--run->idle_count];
    snprintf(url, sizeof url, "%s/%s", run->base, below);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_multi_add_handle(run->multi, easy);
    run->in_flight++;
}

static void land(struct run *run)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(run->multi, &left));) {
        long status = 0;
        CURL *easy = m->easy_handle;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (m->data.result != CURLE_OK || status != 200) run->failed = 1;
        curl_multi_remove_handle(run->multi, easy);
        run->idle[run->idle_count++] = easy;
        run->in_flight--;
        run->answered++;
    }
}

static int flights(const struct run *run)
{
    return run->answered < ENOUGH_ANSWERED && run->most > FIRST_FLIGHTS ? FIRST_FLIGHTS : run->most;
}

/* Until nothing is in flight and no id is left. */
static void fly(struct run *run)
{
    for (int running;;) {
        while (*run->next && run->in_flight < flights(run)) begin(run, "DELETE", *run->next++);
        if (run->in_flight == 0) return;
        curl_multi_perform(run->multi, &running);
        land(run);
        if (running > 0 && (!*run->next || run->in_flight >= flights(run)))
            curl_multi_poll(run->multi, NULL, 0, 1000, NULL);
    }
}

static void ask_about_credential(struct run *run)
{
    char *none = NULL, **ids = run->next;
    run->next = &none;
    begin(run, "GET", "verify");
    fly(run);
    run->next = ids;
    run->answered = 0;
}

int main(int argc, char **argv)
{
    char credential[512];
    if (argc < 6 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 2;
    struct run run = {.multi = curl_multi_init(), .most = atoi(argv[4]), .base = argv[1], .next = argv + 5};
    snprintf(credential, sizeof credential, "Authorization: Bearer %s", argv[2]);
    struct curl_slist *headers = curl_slist_append(NULL, credential);
    while (run.idle_count < FLIGHTS) run.idle[run.idle_count++] = new_handle(headers, argv[3]);
    ask_about_credential(&run);
    double wall = milliseconds(CLOCK_MONOTONIC), cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
    ask_about_credential(&run); /* as delete_many does first */
    fly(&run);
    printf("%.3f %.3f\n", milliseconds(CLOCK_MONOTONIC) - wall, milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    while (run.idle_count > 0) curl_easy_cleanup(run.idle[--run.idle_count]);
    curl_multi_cleanup(run.multi);
    curl_slist_free_all(headers);
    return run.failed;
}
