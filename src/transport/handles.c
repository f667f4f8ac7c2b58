#include "handles.h"

#include <curl/curl.h>

void *lcf_handles_take(struct lcf_handles *h)
{
    return h->count ? h->kept[--h->count] : NULL;
}

void lcf_handles_give(struct lcf_handles *h, void *easy)
{
    if (h->count == LCF_HANDLES_KEPT) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL); /* the credential's */
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    h->kept[h->count++] = easy;
}

void lcf_handles_free(struct lcf_handles *h)
{
    while (h->count) curl_easy_cleanup(lcf_handles_take(h));
}
