/* What a careful C programmer would write with libcurl, to be measured against:
 * baseline BASE_URL TOKEN CA (a directory: hashed, alone; a file: bundle, beside libcurl's default
 * directory) ID... deletes each id on one easy handle and believes any 200. With BASELINE_TIMES
 * set it prints how long each took, in milliseconds. */
#define _POSIX_C_SOURCE 200809L
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static size_t discard(char *at, size_t size, size_t count, void *data)
{
    (void)at, (void)data;
    return size * count;
}

static void trust(CURL *easy, const char *ca)
{
    struct stat s;
    int is_directory = stat(ca, &s) == 0 && S_ISDIR(s.st_mode);
    if (is_directory) curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, is_directory ? CURLOPT_CAPATH : CURLOPT_CAINFO, ca);
}

static int delete_token(CURL *easy, const char *base, const char *id)
{
    char url[512];
    long status = 0;
    snprintf(url, sizeof url, "%s/%s", base, id);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (curl_easy_perform(easy) != CURLE_OK) return 1;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status != 200;
}

static double milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

int main(int argc, char **argv)
{
    char credential[512];
    if (argc < 5 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 2;
    CURL *easy = curl_easy_init();
    snprintf(credential, sizeof credential, "Authorization: Bearer %s", argv[2]);
    struct curl_slist *headers = curl_slist_append(NULL, credential);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    trust(easy, argv[3]);
    int failed = 0;
    for (int i = 4; i < argc; i++) {
        double began = milliseconds();
        failed |= delete_token(easy, argv[1], argv[i]);
        if (getenv("BASELINE_TIMES")) printf("%.3f\n", milliseconds() - began);
    }
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    return failed;
}
