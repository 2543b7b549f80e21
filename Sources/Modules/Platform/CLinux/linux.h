// What Swift's Glibc module leaves out of the Linux headers. _GNU_SOURCE would change types that module has already
// imported, so the few functions it guards are declared here.
#include <pthread.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

extern int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
extern void *memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);
extern int pthread_setname_np(pthread_t thread, const char *name);
extern int pidfd_open(pid_t process, unsigned int flags);
extern int syncfs(int descriptor);
extern int pipe2(int ends[2], int flags);
// With parameters of malloc.h: that header would bring others that Glibc's module has already imported.
extern int mallopt(int parameter, int value);
enum { MALLOC_TRIM_THRESHOLD = -1, MALLOC_MMAP_THRESHOLD = -3 };
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
