#define _POSIX_C_SOURCE 200809L
#define _TIME_BITS 64 /* a file of behind 2038 on a machine of 32 bits, where stat fails otherwise */
#define _FILE_OFFSET_BITS 64 /* else, on 32 bits, what has a big number in its file system is not there */
#include "truststore.h"
#include "clock.h"

#include <curl/curl.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "a file may have a number of 64 bits");

#define KEPT_MAX 86400 /* seconds that libcurl keeps a bundle for by default */

struct lcf_trust lcf_truststore_new(void)
{
    return (struct lcf_trust){.adds_default = curl_version_info(CURLVERSION_NOW)->version_num >= 0x081500};
}

/* "0a1b2c3d.0": OpenSSL looks for the first of a hash under this name. */
static bool is_hashed_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && strcmp(name + 8, ".0") == 0;
}

/* Whether a directory was prepared by c_rehash: it holds a "<hash>.0" that can be read. */
static bool is_hashed(const char *path)
{
    DIR *dir = path ? opendir(path) : NULL;
    if (!dir) return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(dir));)
        found = is_hashed_name(entry->d_name) && faccessat(dirfd(dir), entry->d_name, R_OK, 0) == 0;
    closedir(dir);
    return found;
}

static bool is_bundle(const char *file)
{
    struct stat status;
    if (!file || stat(file, &status) != 0) return false;
    return S_ISREG(status.st_mode) && status.st_size > 0 && access(file, R_OK) == 0;
}

/* Only OpenSSL and its kin look certificates up by hash. */
static bool looks_up_by_hash(const curl_version_info_data *curl)
{
    return curl->ssl_version && strstr(curl->ssl_version, "SSL/");
}

static const char *find_directory(const curl_version_info_data *curl)
{
    const char *const paths[] = {curl->capath, "/etc/ssl/certs", "/etc/pki/tls/certs"};
    for (size_t i = 0; looks_up_by_hash(curl) && i < sizeof paths / sizeof *paths; i++)
        if (is_hashed(paths[i])) return paths[i];
    return NULL;
}

static const char *find_bundle(const curl_version_info_data *curl)
{
    const char *const files[] = {curl->cainfo, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                 "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (is_bundle(files[i])) return files[i];
    return NULL;
}

static bool is_same(const struct lcf_bundle *a, const struct lcf_bundle *b)
{
    return a->inode == b->inode && a->size == b->size && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

/* libcurl before 8.21 keeps what it read of a bundle, and does not notice when that changes. */
static void heed_change(struct lcf_trust *trust)
{
    struct stat status;
    if (!trust->file || stat(trust->file, &status) != 0) return;
    struct lcf_bundle now = {status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
    bool known = trust->bundle.inode != 0;
    if (known && !is_same(&now, &trust->bundle)) trust->changed = lcf_now();
    trust->bundle = now;
}

static void look(struct lcf_trust *trust)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    trust->path = find_directory(curl);
    trust->file = find_bundle(curl);
    heed_change(trust);
    if (trust->first == LCF_STORE_BUNDLE && trust->file) return;
    trust->first = trust->path ? LCF_STORE_DIRECTORY : trust->file ? LCF_STORE_BUNDLE : LCF_STORE_NONE;
}

enum lcf_store lcf_truststore_first(struct lcf_trust *trust)
{
    if (trust->first == LCF_STORE_NONE) look(trust);
    return trust->first;
}

enum lcf_store lcf_truststore_other(struct lcf_trust *trust, enum lcf_store failed, double began)
{
    look(trust);
    if (failed == LCF_STORE_NONE) return trust->first;
    bool renewed = failed == LCF_STORE_BUNDLE && trust->changed >= began;
    if (trust->file && (failed == LCF_STORE_DIRECTORY || renewed)) return LCF_STORE_BUNDLE;
    return trust->path && failed == LCF_STORE_BUNDLE ? LCF_STORE_DIRECTORY : LCF_STORE_NONE;
}

long lcf_truststore_kept(const struct lcf_trust *trust)
{
    double age = lcf_now() - trust->changed;
    return trust->changed > 0 && age < KEPT_MAX ? (long)age : KEPT_MAX;
}

const char *lcf_truststore_fault(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) return "ca_path cannot be read";
    if (!S_ISDIR(status.st_mode)) return "ca_path is no directory: a bundle goes into ca_file";
    return is_hashed(path) ? NULL : "ca_path holds no readable <hash>.0, as c_rehash makes them";
}

bool lcf_truststore_pick(const char *path, char *file, size_t size)
{
    DIR *dir = opendir(path);
    if (!dir) return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(dir));) {
        int len = is_hashed_name(entry->d_name) ? snprintf(file, size, "%s/%s", path, entry->d_name) : -1;
        found = len > 0 && (size_t)len < size && access(file, R_OK) == 0;
    }
    closedir(dir);
    return found;
}
