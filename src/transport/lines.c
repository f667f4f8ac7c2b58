#include "lines.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static size_t count(struct lcf_text text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++) lines += text.at[i] == '\0';
    return lines;
}

size_t lcf_lines_size(struct lcf_text text)
{
    return count(text) * sizeof(struct curl_slist) + text.len;
}

struct lcf_lines lcf_lines_lay(void *at, struct lcf_text text)
{
    struct lcf_lines lines = {NULL, NULL, false};
    size_t many = count(text);
    if (many == 0) return lines;
    struct curl_slist *nodes = at;
    char *line = (char *)(nodes + many);
    memcpy(line, text.at + 1, text.len - 1); /* the first NUL is left out, and one set behind the last line */
    line[text.len - 1] = '\0';
    for (size_t i = 0; i < many; line += strlen(line) + 1, i++) {
        nodes[i] = (struct curl_slist){line, i + 1 < many ? &nodes[i + 1] : NULL};
        lines.accepts = lines.accepts || strncasecmp(line, "accept:", 7) == 0;
    }
    lines.first = nodes;
    lines.last = &nodes[many - 1];
    return lines;
}

struct curl_slist *lcf_lines_before(const struct lcf_lines *lines, struct curl_slist *rest)
{
    if (!lines->first) return rest;
    lines->last->next = rest;
    return lines->first;
}
