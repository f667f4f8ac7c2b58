#ifndef LCF_MULTI_H
#define LCF_MULTI_H

#include <curl/curl.h>

/* As curl_multi_init, but the pair of descriptors with which libcurl wakes itself is not left to the programs that
 * the host executes, nor to the host where it executes itself anew. libcurl sees to it since 8.8. */
CURLM *lcf_multi_new(void);

#endif
