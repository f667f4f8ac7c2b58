#include "handles.h"

#include <curl/curl.h>

void lcf_handle_end(struct lcf_handle handle)
{
    curl_easy_cleanup(handle.easy);
    curl_url_cleanup(handle.url);
}

struct lcf_handle lcf_handles_take(struct lcf_handles *h)
{
    return h->count ? h->kept[--h->count] : (struct lcf_handle){NULL, NULL};
}

void lcf_handles_give(struct lcf_handles *h, struct lcf_handle handle)
{
    if (h->count == LCF_HANDLES_KEPT) {
        lcf_handle_end(handle);
        return;
    }
    curl_easy_setopt(handle.easy, CURLOPT_HTTPHEADER, NULL); /* the credential's */
    curl_easy_setopt(handle.easy, CURLOPT_ERRORBUFFER, NULL);
    h->kept[h->count++] = handle;
}

void lcf_handles_free(struct lcf_handles *h)
{
    while (h->count) lcf_handle_end(lcf_handles_take(h));
}
