#ifndef LCF_PROCESS_H
#define LCF_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether this is still the process that made something. A process id alone does not tell: a child in a new
 * namespace of process ids may have its parent's. So there is a page, too, which the kernel wipes in every child. */

struct lcf_process {
    pid_t id;
    volatile unsigned char *page; /* NULL where the kernel (before Linux 4.14) wipes none: then the id must do */
};

bool lcf_process_note(struct lcf_process *process); /* false when memory is short */
bool lcf_process_is_other(const struct lcf_process *process);
void lcf_process_forget(struct lcf_process *process);

#endif
