# make            build/<lua>/cloudflare.so for every Lua whose headers are here; with LUA=lua5.4
#                 (or lua5.1 lua5.2 lua5.3 luajit) for that one
# make check      the specs for $(LUA); installs nothing, uses no network
# make deps       installs what building and testing need (Debian, Ubuntu)
# make demo       deps, then deletes a token of the bundled sandbox API
# make test       deps, then everything for every Lua
# make bench      side by side with plain C over libcurl
# make static     build/$(LUA)/libcloudflare.a, for hosts that embed
# make install    PREFIX=/usr/local DESTDIR=
# CFLAGS, CPPFLAGS and LDFLAGS are yours.

LUA     = lua5.4
LUAS    = lua5.1 lua5.2 lua5.3 lua5.4 luajit
BUILD   = build
PREFIX  = /usr/local
LIBDIR  = $(PREFIX)/lib
CC      = cc
CFLAGS  = -O2 -g
LDFLAGS =

PKG_CONFIG = pkg-config
# What pkg-config calls a Lua: lua5.4, lua-5.4 or lua54, as the system likes.
pc_name    = $(shell for name in $(1) $(patsubst lua%,lua-%,$(1)) $(subst .,,$(1)); do \
               $(PKG_CONFIG) --exists $$name 2>/dev/null && echo $$name && break; done)
LUA_PC    := $(call pc_name,$(LUA))
LUA_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LUA_PC))
LUA_LIBS   = $(shell $(PKG_CONFIG) --libs $(LUA_PC))
LUA_ABI    = $(if $(filter luajit,$(LUA)),5.1,$(shell $(PKG_CONFIG) --modversion $(LUA_PC) | cut -d. -f1,2))
CURL       = $(shell $(PKG_CONFIG) --cflags libcurl)
CURL_LIBS  = $(shell $(PKG_CONFIG) --libs libcurl)

WARN   = -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(WERROR)
HARDEN = -fPIC -fvisibility=hidden -fstack-protector-strong $(FORTIFY)
FORTIFY = -D_FORTIFY_SOURCE=2
SHARED = -shared -Wl,-z,relro,-z,now,-z,nodelete -Wl,--as-needed
COMPILE = $(CC) -std=c11 $(WARN) $(HARDEN) $(CFLAGS) $(CPPFLAGS) -MMD -MP

CORE      = $(patsubst src/core/%.c,$(BUILD)/core/%.o,$(wildcard src/core/*.c))
TRANSPORT = $(patsubst src/transport/%.c,$(BUILD)/transport/%.o,$(wildcard src/transport/*.c))
SPEAKS    = $(patsubst src/lua/%.c,$(BUILD)/$(LUA)/%.o,$(wildcard src/lua/*.c))
MODULE    = $(BUILD)/$(LUA)/cloudflare.so
LIBRARY   = $(BUILD)/$(LUA)/libcloudflare.a

.PHONY: all static allocations check unit deps test suites demo bench install clean
ifeq ($(origin LUA),file)
all:
	@for lua in $(or $(foreach lua,$(LUAS),$(if $(call pc_name,$(lua)),$(lua))),$(LUA)); do \
	  $(MAKE) --no-print-directory LUA=$$lua || exit 1; done
else
all: $(MODULE)
endif
static: $(LIBRARY)

$(MODULE): $(CORE) $(TRANSPORT) $(SPEAKS)
	$(CC) $(SHARED) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CURL_LIBS) -lm

$(LIBRARY): $(CORE) $(TRANSPORT) $(SPEAKS)
	rm -f $@
	$(AR) rcs $@ $^

# The core is compiled with neither libcurl nor Lua in sight, transport without Lua.
$(BUILD)/core/%.o: src/core/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<
$(BUILD)/transport/%.o: src/transport/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(CURL) -c -o $@ $<
$(BUILD)/$(LUA)/%.o: src/lua/%.c
	@test -n "$(LUA_PC)" || { echo "No headers for $(LUA): run 'make deps', or see pkg-config --list-all" >&2; exit 1; }
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) -c -o $@ $<

# wait.lua as a C string. Kept in the repository, for builds that only compile.
src/lua/wait.inc: src/lua/wait.lua
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$$/\\n"/' $< > $@
$(BUILD)/$(LUA)/cloudflare.o: src/lua/wait.inc

# Variants of the module that the specs run too.
ASAN = BUILD=$(BUILD)/asan FORTIFY= CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
POLL = BUILD=$(BUILD)/poll CPPFLAGS=-DLCF_POLL

# C tests: the core alone; transport, and a host that links the module, against the sandbox.
UNIT = $(patsubst spec/%.c,$(BUILD)/spec/%,$(wildcard spec/core/*_spec.c spec/transport/*_spec.c spec/static/*_spec.c))
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
unit: $(UNIT)
$(BUILD)/spec/core/%: spec/core/%.c spec/core/support.h $(CORE)
	@mkdir -p $(@D)
	$(COMPILE) $(SANITIZE) $< $(wildcard src/core/*.c) -lcmocka -o $@
$(BUILD)/spec/transport/%: spec/transport/%.c $(CORE) $(TRANSPORT)
	@mkdir -p $(@D)
	$(COMPILE) $(SANITIZE) -rdynamic $< $(wildcard src/core/*.c src/transport/*.c) -lcmocka $(CURL_LIBS) -lm -o $@

$(BUILD)/spec/static/%: spec/static/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) -rdynamic $^ -lcmocka $(LUA_LIBS) $(CURL_LIBS) -lm -o $@

# A host whose memory fails, for the Lua at hand.
ALLOCATIONS = $(BUILD)/spec/sweeps/allocations_$(LUA)_sweep
allocations: $(ALLOCATIONS)
$(ALLOCATIONS): spec/sweeps/allocations/host.c $(CORE) $(TRANSPORT) $(SPEAKS)
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) $(SANITIZE) -rdynamic \
	  -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=curl_global_init,--wrap=curl_easy_init \
	  $< $(wildcard src/*/*.c) $(LUA_LIBS) $(CURL_LIBS) -lm -o $@

check: $(MODULE) unit
	BUILD=$(BUILD) spec/run unit $(LUA)

test: deps
	@$(MAKE) --no-print-directory -s suites WERROR=-Werror
	CC=$(CC) BUILD=$(BUILD) spec/run unit lint $(LUAS) poll asan valgrind

suites: unit
	for lua in $(LUAS); do $(MAKE) -j2 LUA=$$lua || exit 1; done
	for lua in lua5.4 luajit; do $(MAKE) -j2 LUA=$$lua allocations || exit 1; done
	$(MAKE) -j2 $(ASAN)
	$(MAKE) -j2 $(POLL)

# What `make demo` needs of Debian's packages, and what `make test` needs besides.
DEMO_PACKAGES = gcc libc6-dev pkg-config libcurl4-openssl-dev lua5.4 liblua5.4-dev lua-cjson lua-socket \
  nginx libnginx-mod-http-lua openssl
PACKAGES = $(DEMO_PACKAGES) lua5.1 liblua5.1-0-dev lua5.2 liblua5.2-dev lua5.3 liblua5.3-dev \
  luajit2|luajit libluajit2-5.1-dev|libluajit-5.1-dev lua-busted lua-check libcmocka-dev valgrind strace

deps:
	@.ci/deps $(foreach name,$(PACKAGES),'$(name)')

demo:
	@$(MAKE) --no-print-directory deps PACKAGES="$(DEMO_PACKAGES)"
	@$(MAKE) --no-print-directory -s LUA=lua5.4
	LUA_CPATH='$(BUILD)/lua5.4/?.so;;' examples/sandbox/sandbox run lua5.4 examples/demo.lua

$(BUILD)/spec/bench/baseline: spec/bench/baseline.c
	@mkdir -p $(@D)
	$(COMPILE) $(CURL) $< $(CURL_LIBS) -o $@
bench: $(MODULE) $(BUILD)/spec/bench/baseline
	@LUA_CPATH='$(BUILD)/$(LUA)/?.so;;' examples/sandbox/sandbox run \
	  $(LUA) spec/bench/run.lua $(LUA) $(BUILD)/spec/bench/baseline $(BUILD)/spec/bench

install: $(MODULE)
	install -d $(DESTDIR)$(LIBDIR)/lua/$(LUA_ABI)
	install -m 755 $(MODULE) $(DESTDIR)$(LIBDIR)/lua/$(LUA_ABI)/cloudflare.so

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/*/*.d)
