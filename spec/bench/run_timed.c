/* run_timed COMMAND ARG... runs a command and prints what the whole process took: milliseconds of wall, milliseconds of
 * processor time (user and system, its children's too), and its peak memory in KiB. What the command prints is dropped;
 * where it fails, no figures are printed. It is small because a peak is at least that of the process that forked. */
#define _DEFAULT_SOURCE /* wait4 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double milliseconds(struct timeval t)
{
    return (double)t.tv_sec * 1e3 + (double)t.tv_usec * 1e-3;
}

static void become(char **command)
{
    int null = open("/dev/null", O_WRONLY);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0) _exit(126);
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

int main(int argc, char **argv)
{
    int status = 0;
    struct rusage used;
    if (argc < 2) return 2;
    double began = now();
    pid_t child = fork();
    if (child == 0) become(argv + 1);
    if (child < 0 || wait4(child, &status, 0, &used) != child) return 2;
    double wall = now() - began;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return 1;
    printf("%.3f %.3f %ld\n", wall, milliseconds(used.ru_utime) + milliseconds(used.ru_stime), used.ru_maxrss);
    return 0;
}
