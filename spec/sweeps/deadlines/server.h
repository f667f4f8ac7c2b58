#ifndef LCF_SPEC_SERVER_H
#define LCF_SPEC_SERVER_H

#include <stdbool.h>
#include <stddef.h>

/* A server of one trouble. It answers each DELETE and each GET with what its stall says, and then falls
 * silent; nothing is ever deleted. */

struct answer {
    const char *at_once; /* NULL: nothing; "%d" is the number of seconds it asks to wait */
    const char *dripping; /* and then this, ten times a second, for ever */
    double after;         /* seconds of thought first */
    bool closes;
};

enum manner {
    ANSWERS,
    READS_ONE_BYTE, /* of the request */
    NEVER_ACCEPTS,  /* its backlog is full */
    REFUSES,        /* nobody listens */
    RELAYS          /* to the sandbox, until so many bytes have come back */
};

struct trouble {
    enum manner manner;
    struct answer to_delete, to_get; /* CONNECT is taken for a DELETE */
    const char *upstream;  /* for RELAYS: an environment variable with the URL of the sandbox */
    size_t relays;         /* bytes */
};

struct server;

/* NULL where the machine is out of something. `asks` is what "%d" stands for. */
struct server *server_new(const struct trouble *trouble, int asks);
void server_free(struct server *server);
int server_port(const struct server *server);

/* Does what can be done now without waiting; whether that was anything. */
bool server_serve(struct server *server);

/* When it will have something to do by itself; INFINITY for never. */
double server_due(const struct server *server);

/* Serves in a thread of its own until it is freed. */
bool server_run(struct server *server);

#endif
