# make            build/<lua>/cloudflare.so for every Lua whose headers are here; with LUA=lua5.4
#                 (or lua5.1 lua5.2 lua5.3 lua5.5 luajit) for that one
# make check      the specs for $(LUA); installs nothing, uses no network
# make deps       installs what building and testing need (Debian, Ubuntu)
# make demo       deps, then deletes a token of the bundled sandbox API
# make test       deps, then everything for every Lua; of each sweep a seeded share
# make test-hosts deps and some programs that embed Lua, then the recipes of the README in each of them
# make test-all   deps, then everything whole: every sweep, the programs, the proof, mutants, coverage
# make coverage   which lines and branches the specs walk (gcovr)
# make mutate     whether some test fails for every small change to the code in src/core that decides outcomes
# make fuzz       feeds the readers for FUZZ_SECONDS each (clang and libFuzzer)
# make prove      walks the readers for every input up to 4 KiB (Frama-C; some minutes)
# make bench      side by side with plain C over libcurl and with other clients; those that are not here are left out
# make bench-deps installs them, from the system's packages and npm, and what draws the plot
# make truth      installs the official SDK for Node, and shows what it and this module say when answers are lost
# make static     build/$(LUA)/libcloudflare.a, for hosts that embed
# make host       build/host/frames, an example of such a host
# make reference  generates, from the definitions, src/types/library/derived.lua and the README's reference
# make install     the module, for $(LUA): PREFIX=/usr/local LIBDIR=$(PREFIX)/lib DESTDIR=
# make install-dev the static library with its pkg-config file, for $(LUA), and the definitions for editors
# make deb        packages for this Debian, in build/deb
# make test-packages deps, then the rock for every Lua, and the packages in a Debian of their own (as root, by network)
# make clean      removes build/
# CFLAGS, CPPFLAGS and LDFLAGS are yours.

LUA     = lua5.4
LUAS    = lua5.1 lua5.2 lua5.3 lua5.4 lua5.5 luajit
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
LUAS_HERE  = $(foreach lua,$(LUAS),$(if $(call pc_name,$(lua)),$(lua)))
LUA_PC    := $(call pc_name,$(LUA))
LUA_CFLAGS = $(if $(LUA_PC),$(shell $(PKG_CONFIG) --cflags $(LUA_PC)))
LUA_LIBS   = $(if $(LUA_PC),$(shell $(PKG_CONFIG) --libs $(LUA_PC)))
LUA_ABI    = $(if $(filter luajit,$(LUA)),5.1,$(shell $(PKG_CONFIG) --modversion $(or $(LUA_PC),lua) 2>/dev/null | cut -d. -f1,2))
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

.PHONY: all static host check unit replays sweeps allocations collector deps test test-hosts test-all whole suites coverage mutate \
  fuzz prove demo bench bench-deps sdk truth \
  reference install install-dev deb test-packages clean
# Objects are kept: make would delete those that only a pattern names, and compile them again the next time.
.SECONDARY:
ifeq ($(origin LUA),file)
all:
	@for lua in $(or $(LUAS_HERE),$(LUA)); do \
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

# The core is compiled without the include flags of libcurl and Lua, transport without those of Lua.
$(BUILD)/core/%.o: src/core/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<
$(BUILD)/transport/%.o: src/transport/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(CURL) -c -o $@ $<
$(BUILD)/$(LUA)/%.o: src/lua/%.c
	@test -n "$(LUA_CFLAGS)$(LUA_PC)" || { echo "No headers for $(LUA): run 'make deps', or see pkg-config --list-all" >&2; exit 1; }
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) -c -o $@ $<

# Lua as the lines of an array: one C string is promised no more than 4,095 bytes. Kept in the repository, for builds
# that only compile.
INCS = $(patsubst %.lua,%.inc,$(wildcard src/lua/*.lua))
src/lua/%.inc: src/lua/%.lua
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$$/\\n",/' $< > $@
$(BUILD)/$(LUA)/chunks.o: $(INCS)

# Variants of the module that the specs run too.
COVERAGE = BUILD=$(BUILD)/coverage FORTIFY= SANITIZE= CFLAGS="-O0 -g --coverage"
ASAN = BUILD=$(BUILD)/asan FORTIFY= CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
POLL = BUILD=$(BUILD)/poll CPPFLAGS=-DLCF_POLL
TSAN = BUILD=$(BUILD)/tsan FORTIFY= CFLAGS="-O1 -g -fsanitize=thread"

# The module with a collector that comes whenever it may.
COLLECTOR = $(BUILD)/collector/$(LUA)/cloudflare.so
COLLECTS  = lua_createtable lua_pushcclosure lua_concat lua_pushlstring lua_pushstring lua_pushfstring \
  lua_newuserdata lua_newuserdatauv luaL_getmetafield luaL_where luaL_addlstring luaL_addstring luaL_pushresult \
  luaL_prepbuffsize luaL_prepbuffer
collector: $(COLLECTOR)
$(COLLECTOR): spec/support/collector.c $(CORE) $(TRANSPORT) $(SPEAKS)
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) $(SHARED) $(COLLECTS:%=-Wl,--wrap=%) $(LDFLAGS) -o $@ $^ $(CURL_LIBS) -lm

# C tests: the core alone; transport, and a host that links the module, against the sandbox.
UNIT = $(patsubst spec/%.c,$(BUILD)/spec/%,$(wildcard spec/core/*_spec.c spec/transport/*_spec.c spec/static/*_spec.c))
# Once more as on arm64, where a char has no sign; explore_spec reads no bytes.
UNIT += $(patsubst spec/core/%.c,$(BUILD)/spec/unsigned/%,$(filter-out %/explore_spec.c,$(wildcard spec/core/*_spec.c)))
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
# checked KIND, FOLDERS: what the specs of a kind are linked with, sanitized; a build for each kind, so that coverage
# tells them apart.
checked = $(patsubst src/%.c,$(BUILD)/spec/$(1)/checked/%.o,$(foreach folder,$(2),$(wildcard src/$(folder)/*.c)))
define checked_object
@mkdir -p $(@D)
$(COMPILE) $(CURL) $(SANITIZE) $(CHARS) -c -o $@ $<
endef
unit: $(UNIT)
$(BUILD)/spec/core/checked/%.o: src/%.c
	$(checked_object)
$(BUILD)/spec/unsigned/checked/%.o: CHARS = -funsigned-char
$(BUILD)/spec/unsigned/checked/%.o: src/%.c
	$(checked_object)
$(BUILD)/spec/transport/checked/%.o: src/%.c
	$(checked_object)
$(BUILD)/spec/core/%: spec/core/%.c $(wildcard spec/core/*.h) $(call checked,core,core)
	$(COMPILE) $(SANITIZE) $(filter %.c %.o,$^) -lcmocka -o $@
$(BUILD)/spec/unsigned/%: spec/core/%.c $(wildcard spec/core/*.h) $(call checked,unsigned,core)
	$(COMPILE) $(SANITIZE) -funsigned-char $(filter %.c %.o,$^) -lcmocka -o $@
$(BUILD)/spec/transport/%: spec/transport/%.c $(call checked,transport,core transport)
	$(COMPILE) $(SANITIZE) -rdynamic $(filter %.c %.o,$^) $(OWN) -lcmocka $(CURL_LIBS) -lm -o $@
$(BUILD)/spec/transport/parts_spec: OWN = -Wl,--wrap=malloc,--wrap=mmap
# It asks a hundred million times: without sanitizers.
$(BUILD)/spec/core/explore_spec: spec/core/explore_spec.c $(CORE)
	@mkdir -p $(@D)
	$(COMPILE) $^ -lcmocka -o $@

# A sweep in C; what it is made of besides lies in a folder of its name.
$(BUILD)/spec/sweeps/%_sweep: spec/sweeps/%_sweep.c $(wildcard spec/sweeps/*/*.[ch]) $(CORE) $(TRANSPORT)
	@mkdir -p $(@D)
	$(COMPILE) -rdynamic $(wildcard spec/sweeps/$*/*.c) $< $(CORE) $(TRANSPORT) $(CURL_LIBS) -lm -o $@
sweeps: $(patsubst spec/%.c,$(BUILD)/spec/%,$(wildcard spec/sweeps/*_sweep.c))

$(BUILD)/spec/static/%: spec/static/%.c $(wildcard spec/static/*.h) $(LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) -rdynamic $(filter %.c %.a,$^) $(OWN) -lcmocka $(LUA_LIBS) $(CURL_LIBS) -lm -o $@
# The first watches what the module allocates, the second loads it.
$(BUILD)/spec/static/copies_spec: OWN = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
$(BUILD)/spec/static/reload_spec: OWN = -DMODULE='"$(MODULE)"' -Wl,--as-needed
$(BUILD)/spec/static/reload_spec: $(MODULE)

# Fuzz targets, with a main that replays what is kept in spec/fuzz/corpus; libFuzzer brings its own.
FUZZ_SECONDS = 60
FUZZ_MAIN    = spec/fuzz/replay.c
FUZZ_TARGETS = $(patsubst spec/fuzz/corpus/%,$(BUILD)/spec/fuzz/%,$(wildcard spec/fuzz/corpus/*))
fuzz_needs   = $(if $(filter %/options %/body,$(1)),$(call checked,transport,core transport) $(wildcard src/lua/*.c) $(CURL_LIBS) -lm, \
                 $(call checked,core,core)) \
               $(if $(filter %/options %/body %/cjson,$(1)),$(LUA_CFLAGS) -rdynamic $(LUA_LIBS))
replays: $(FUZZ_TARGETS)
$(BUILD)/spec/fuzz/%: spec/fuzz/%.c $(wildcard spec/fuzz/*.[ch] src/lua/*.[ch]) $(call checked,core,core) $(call checked,transport,core transport)
	@mkdir -p $(@D)
	$(COMPILE) $(SANITIZE) $< $(FUZZ_MAIN) $(call fuzz_needs,$@) -o $@

# A host whose memory fails, for the Lua at hand: under sanitizers, where a case takes much longer, and without
# them, to walk every case.
ALLOCATIONS     = $(BUILD)/spec/sweeps/allocations_$(LUA)_sweep
ALL_ALLOCATIONS = $(BUILD)/spec/sweeps/whole/allocations_$(LUA)_sweep
FAILING         = -rdynamic -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=curl_global_init
allocations: $(ALLOCATIONS) $(if $(filter all,$(SWEEP)),$(ALL_ALLOCATIONS))
$(ALLOCATIONS): spec/sweeps/allocations/host.c $(call checked,transport,core transport) $(SPEAKS)
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) $(SANITIZE) $(FAILING) \
	  $(filter-out $(SPEAKS),$^) $(wildcard src/lua/*.c) $(LUA_LIBS) $(CURL_LIBS) -lm -o $@
$(ALL_ALLOCATIONS): spec/sweeps/allocations/host.c $(CORE) $(TRANSPORT) $(SPEAKS)
	@mkdir -p $(@D)
	$(COMPILE) $(LUA_CFLAGS) $(FAILING) $^ $(LUA_LIBS) $(CURL_LIBS) -lm -o $@

check: $(MODULE) unit
	BUILD=$(BUILD) spec/run unit $(LUA)

# The long ones first; a sweep's share is short.
SUITES = valgrind asan examples $(LUAS) unit poll sweeps harness hosts tsan lint
test: deps
	@$(MAKE) --no-print-directory -s suites
	CC=$(CC) BUILD=$(BUILD) spec/run $(SUITES)

# Programs of the system's, each with the Lua that it embeds.
PROGRAMS = spec/hosts/run.lua
test-hosts:
	@$(MAKE) --no-print-directory deps PACKAGES="$(PACKAGES) $(HOST_PACKAGES)"
	@for lua in $(LUAS_HERE); do $(MAKE) --no-print-directory -s LUA=$$lua || exit 1; done
	BUILD=$(BUILD) spec/run $(PROGRAMS)

# The rock, and Debian's packages, each installed where nothing else of this tree is.
PACKAGED = spec/packages/rock.sh spec/packages/deb.sh
test-packages:
	@$(MAKE) --no-print-directory deps PACKAGES="$(PACKAGES) $(PACKAGED_PACKAGES)"
	@$(MAKE) --no-print-directory -s LUA=lua5.4
	BUILD=$(BUILD) spec/run $(PACKAGED)

# Everything there is: all of every sweep, the proof, every mutant, and coverage. More than an hour on two cores, so a part
# that fails does not keep the others from running, and the sweeps, which are long here, begin early.
test-all:
	@$(MAKE) --no-print-directory deps PACKAGES="$(PACKAGES) $(PROOF_PACKAGES) $(HOST_PACKAGES) $(PACKAGED_PACKAGES)"
	@SWEEP=all $(MAKE) --no-print-directory -s suites
	@$(MAKE) --no-print-directory -k whole prove mutate coverage
whole:
	SWEEP=all CC=$(CC) BUILD=$(BUILD) spec/run valgrind sweeps $(filter-out valgrind sweeps,$(SUITES)) $(PROGRAMS) $(PACKAGED)

suites:
	$(MAKE) -j2 unit host replays sweeps
	for lua in $(LUAS_HERE); do $(MAKE) -j2 LUA=$$lua all static || exit 1; done
	for lua in lua5.4 luajit; do $(MAKE) -j2 LUA=$$lua allocations collector || exit 1; done
	for lua in lua5.4 luajit; do $(MAKE) -j2 $(ASAN) LUA=$$lua all collector || exit 1; done
	$(MAKE) -j2 $(POLL) LUA=lua5.4
	if CC="$(CC)" spec/run can tsan; then $(MAKE) -j2 $(TSAN) LUA=lua5.4 $(BUILD)/tsan/spec/static/host_spec; fi

# Whether the specs walk everything, and whether they notice when a line of the judgement is changed.
coverage:
	@command -v gcovr >/dev/null || { echo "make coverage needs the package gcovr" >&2; exit 1; }
	@$(MAKE) --no-print-directory -s -j2 $(COVERAGE) LUA=lua5.4 all unit replays sweeps allocations
	@$(MAKE) --no-print-directory -s -j2 $(COVERAGE) LUA=luajit all
	@BUILD=$(BUILD)/coverage spec/coverage
mutate:
	@CC="$(CC)" BUILD=$(BUILD) lua5.4 spec/mutate/mutate.lua

# What `make demo` needs of Debian's packages, and what `make test` needs besides.
# Of "a|b" one will do; a release may have no "a?".
DEMO_PACKAGES = gcc libc6-dev pkg-config libcurl4-openssl-dev lua5.4 liblua5.4-dev lua-cjson lua-socket \
  nginx libnginx-mod-http-lua openssl
PACKAGES = $(DEMO_PACKAGES) lua5.1 liblua5.1-0-dev lua5.2 liblua5.2-dev lua5.3 liblua5.3-dev lua5.5? liblua5.5-dev? \
  luajit2|luajit libluajit2-5.1-dev|libluajit-5.1-dev lua-busted lua-check lua-luv lua-cqueues lua-cjson-dev \
  libcmocka-dev valgrind strace curl locales python3 python3-hpack python3-jsonschema
HOST_PACKAGES = haproxy? neovim? love? xvfb? xauth? prosody? mpv? nmap?
PACKAGED_PACKAGES = luarocks dpkg-dev debhelper lintian debootstrap autopkgtest
BENCH_PACKAGES = valgrind nghttp2-client gnuplot-nox|gnuplot-qt|gnuplot-x11 curl lua5.1 lua5.2 lua5.3 lua-curl? lua-http? lua-sec? python3-cloudflare?
PROOF_PACKAGES = frama-c-base gcovr clang libclang-rt-dev|libclang-rt-14-dev

deps:
	@.ci/deps $(foreach name,$(PACKAGES),'$(name)')

demo:
	@$(MAKE) --no-print-directory deps PACKAGES="$(DEMO_PACKAGES)"
	@$(MAKE) --no-print-directory -s LUA=lua5.4
	LUA_CPATH='$(BUILD)/lua5.4/?.so;;' examples/sandbox/sandbox run lua5.4 examples/demo.lua

# An example host, with lua-cjson linked in too.
host:
	@$(MAKE) --no-print-directory LUA=lua5.4 $(BUILD)/host/frames
define embedding
@mkdir -p $(@D)
$(COMPILE) $(LUA_CFLAGS) $(filter %.c %.a,$^) -l:liblua5.4-cjson.a $(LUA_LIBS) $(CURL_LIBS) -lm -o $@
endef
$(BUILD)/host/frames: examples/host/frames.c $(BUILD)/lua5.4/libcloudflare.a
	$(embedding)

$(BUILD)/spec/bench/%: spec/bench/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(CURL) $< $(CURL_LIBS) -o $@
$(BUILD)/spec/bench/memory: spec/bench/memory.c $(BUILD)/lua5.4/libcloudflare.a
	$(embedding)
bench: $(MODULE) $(BUILD)/spec/bench/baseline $(BUILD)/spec/bench/many $(BUILD)/spec/bench/run_timed host
	@$(MAKE) --no-print-directory -s LUA=luajit
	@$(MAKE) --no-print-directory -s LUA=lua5.4 $(BUILD)/spec/bench/memory
	@$(in_sandbox) spec/bench/compare.lua
	@$(in_sandbox) spec/bench/instructions.lua
	@$(in_sandbox) spec/bench/costs.lua
	@$(in_sandbox) spec/bench/many.lua $(LUA) $(BUILD)/spec/bench/many
	@$(in_sandbox) spec/bench/memory.lua $(BUILD)/spec/bench/memory $(BUILD)/spec/bench
	@$(in_sandbox) spec/bench/hosts.lua $(BUILD)/spec/bench/baseline $(BUILD)/host/frames
in_sandbox = LUA=$(LUA) BUILD=$(BUILD) LUA_CPATH='$(BUILD)/$(LUA)/?.so;;' examples/sandbox/sandbox run $(LUA)

# What is measured beside the module, and what measures and draws.
bench-deps:
	@$(MAKE) --no-print-directory deps \
	  PACKAGES="$(DEMO_PACKAGES) luajit2|luajit libluajit2-5.1-dev|libluajit-5.1-dev lua-cjson-dev $(BENCH_PACKAGES) $(NODE)"
	@$(MAKE) --no-print-directory sdk

# The SDK is npm's, into $(BUILD)/truth.
SDK = cloudflare@7.3.0
NODE = $(if $(shell command -v npm),,nodejs npm)
sdk:
	@mkdir -p $(BUILD)/truth && cp spec/truth/sdk.mjs $(BUILD)/truth
	@echo "Going to install, from npm, into $(BUILD)/truth: $(SDK)"
	@cd $(BUILD)/truth && npm install --no-audit --no-fund --silent $(SDK)
truth:
	@$(MAKE) --no-print-directory deps PACKAGES="$(DEMO_PACKAGES) python3 python3-hpack $(NODE)"
	@$(MAKE) --no-print-directory -s LUA=lua5.4
	@$(MAKE) --no-print-directory sdk
	@LUA_PATH='./?.lua;;' LUA_CPATH='$(BUILD)/lua5.4/?.so;;' examples/sandbox/sandbox run \
	  lua5.4 spec/truth/compare.lua $(BUILD)/truth

# Not part of `make test`. What is found is kept under $(BUILD); see spec/fuzz/run.
fuzz:
	@spec/fuzz/run check
	@$(MAKE) --no-print-directory -s -j2 replays CC=clang BUILD=$(BUILD)/fuzz FORTIFY= FUZZ_MAIN= \
	  SANITIZE="-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"
	@BUILD=$(BUILD)/fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) spec/fuzz/run $(notdir $(FUZZ_TARGETS))

prove:
	@spec/prove/prove

reference:
	@LUA_PATH='./?.lua;;' $(LUA) -e 'require("src.types.generate").write()'

install: $(MODULE)
	install -d "$(DESTDIR)$(LIBDIR)/lua/$(LUA_ABI)"
	install -m 755 $(MODULE) "$(DESTDIR)$(LIBDIR)/lua/$(LUA_ABI)/cloudflare.so"

# The one place where the version stands.
VERSION = $(shell sed -n 's/^.define LCF_VERSION "\(.*\)"/\1/p' src/lua/options.h)
LIBRARY_NAME = $(LUA)-cloudflare
PC_VALUES = -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@NAME@|$(LIBRARY_NAME)|' -e 's|@LUA@|$(LUA)|' \
  -e 's|@LUA_PC@|$(LUA_PC)|' -e 's|@VERSION@|$(VERSION)|'
DEFINITIONS = $(PREFIX)/share/cloudflare-lua/library

install-dev: $(LIBRARY)
	install -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(DEFINITIONS)"
	install -m 644 $(LIBRARY) "$(DESTDIR)$(LIBDIR)/lib$(LIBRARY_NAME).a"
	sed $(PC_VALUES) rockspec/cloudflare.pc.in >"$(DESTDIR)$(LIBDIR)/pkgconfig/$(LIBRARY_NAME).pc"
	install -m 644 src/types/library/*.lua "$(DESTDIR)$(DEFINITIONS)"

# What dpkg-buildpackage wants: upstream's archive, and beside it a folder of it with debian/ at the top.
DEB_FOLDER = $(BUILD)/deb/lua-cloudflare-$(VERSION)
deb:
	@command -v dh >/dev/null || { echo "make deb needs the packages dpkg-dev and debhelper, and what make deps installs" >&2; exit 1; }
	rm -rf $(BUILD)/deb
	mkdir -p $(DEB_FOLDER)
	tar -c --exclude=./$(BUILD) --exclude=./.git . | tar -x -C $(DEB_FOLDER)
	tar -cJ --sort=name --owner=0 --group=0 --numeric-owner -C $(BUILD)/deb -f $(BUILD)/deb/lua-cloudflare_$(VERSION).orig.tar.xz \
	  lua-cloudflare-$(VERSION)
	cp -r rockspec/debian $(DEB_FOLDER)/debian
	cd $(DEB_FOLDER) && env -u MAKEFLAGS -u MAKEOVERRIDES dpkg-buildpackage -us -uc
	@ls $(BUILD)/deb/*.deb

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/*/*.d $(BUILD)/spec/*/checked/*/*.d)
