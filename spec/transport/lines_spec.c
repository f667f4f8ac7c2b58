#define _POSIX_C_SOURCE 200809L
#include "../../src/transport/lines.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A socket on a port of the loopback, 0 for any; leaves the port there. */
static int bound(int *port)
{
    struct sockaddr_in at = loopback(*port);
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static int listening(int *port)
{
    int fd = bound(port);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void go_to(int fd, int port)
{
    struct sockaddr_in at = loopback(port);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
}

static struct lcf_line *find(struct lcf_lines *lines, int local_port, int port)
{
    const struct lcf_ends ends = {"127.0.0.1", "127.0.0.1", port, local_port};
    return lcf_lines_find(lines, &ends);
}

static void connections_to_two_peers_may_share_a_local_port(void **state)
{
    (void)state;
    struct lcf_lines lines = {0};
    int one = 0, other = 0, local = 0;
    int peers[] = {listening(&one), listening(&other)};
    int first = bound(&local), second = bound(&local);
    go_to(first, one);
    go_to(second, other);
    assert_true(lcf_lines_add(&lines, first));
    assert_true(lcf_lines_add(&lines, second));
    assert_int_equal(find(&lines, local, one)->fd, first);
    assert_int_equal(find(&lines, local, other)->fd, second);
    assert_null(find(&lines, local, local));
    lcf_lines_remove(&lines, first);
    assert_null(find(&lines, local, one));
    lcf_lines_free(&lines);
    for (size_t i = 0; i < 2; i++) close(peers[i]);
    close(first);
    close(second);
}

static void a_connection_that_is_not_made_yet_is_found_once_it_is(void **state)
{
    (void)state;
    struct lcf_lines lines = {0};
    int port = 0, local = 0, peer = listening(&port), fd = bound(&local);
    assert_true(lcf_lines_add(&lines, fd));
    assert_null(find(&lines, local, port));
    go_to(fd, port);
    assert_int_equal(find(&lines, local, port)->fd, fd);
    lcf_lines_free(&lines);
    close(peer);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_to_two_peers_may_share_a_local_port),
        cmocka_unit_test(a_connection_that_is_not_made_yet_is_found_once_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
