#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MADV_WIPEONFORK */
#include "process.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK (-1) /* no kernel knows it */
#endif

/* A mapping is of whole pages, whatever its length. */
#define LENGTH 1

bool lcf_process_note(struct lcf_process *p)
{
    *p = (struct lcf_process){.id = getpid()};
    void *page = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return false;
    p->page = page;
    if (madvise(page, LENGTH, MADV_WIPEONFORK) != 0) lcf_process_forget(p);
    else *p->page = 1;
    return true;
}

/* The id besides: a child of vfork shares the page, and an emulated kernel may only say that it will wipe it. */
bool lcf_process_is_other(const struct lcf_process *p)
{
    return (p->page && !*p->page) || p->id != getpid();
}

void lcf_process_forget(struct lcf_process *p)
{
    if (p->page) munmap((void *)(size_t)p->page, LENGTH);
    p->page = NULL;
}
