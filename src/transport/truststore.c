#define _POSIX_C_SOURCE 200809L
#include "truststore.h"

#include <curl/curl.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_hashed_name(const char *name)
{
    size_t len = strlen(name);
    return len > 2 && strcmp(name + len - 2, ".0") == 0;
}

/* Whether a directory was prepared by c_rehash: it holds a "<hash>.0". */
static bool is_hashed(const char *path)
{
    DIR *dir = path ? opendir(path) : NULL;
    if (!dir) return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(dir));) found = is_hashed_name(entry->d_name);
    closedir(dir);
    return found;
}

static bool is_readable(const char *file)
{
    return file && access(file, R_OK) == 0;
}

/* Only OpenSSL and its kin look certificates up by hash. */
static bool looks_up_by_hash(const curl_version_info_data *curl)
{
    return curl->ssl_version && strstr(curl->ssl_version, "SSL/");
}

bool lcf_truststore_can_search(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && access(path, X_OK) == 0;
}

struct lcf_trust lcf_truststore_find(void)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    const char *const paths[] = {curl->capath, "/etc/ssl/certs", "/etc/pki/tls/certs"};
    const char *const files[] = {curl->cainfo, "/etc/ssl/certs/ca-certificates.crt",
                                 "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
    for (size_t i = 0; looks_up_by_hash(curl) && i < sizeof paths / sizeof *paths; i++)
        if (is_hashed(paths[i])) return (struct lcf_trust){.path = paths[i]};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (is_readable(files[i])) return (struct lcf_trust){.file = files[i]};
    return (struct lcf_trust){0};
}
