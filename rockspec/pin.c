#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>

/* Keeps the module in memory until the process ends, as `-z nodelete` does in the Makefile:
 * LuaRocks' builtin build takes no linker flags. A name may still be looked up by a thread of
 * libcurl when Lua closes; unloading libcurl from under it would end the process. */

static const char here;

__attribute__((constructor)) static void pin(void)
{
    Dl_info module;
    if (dladdr(&here, &module)) dlopen(module.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}
