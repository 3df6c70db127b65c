# mlops: the life of a machine learning model inside PostgreSQL.
#
#   make && sudo make install          builds and installs against the pg_config in PATH
#   make installcheck                  tests the installed extension on a running server, as a superuser:
#                                      on stock Debian first sudo -u postgres createuser -s "$USER";
#                                      with trust or a password file PGUSER=postgres is enough
#   make PG_CONFIG=/path/to/pg_config  another server
#   make unit | lint | format-check | docs-check | coverage
#
# Switches: WERROR=1 warnings are errors (what ./run and CI use), COVERAGE=1 instruments,
# OPENBLAS=/path/to/libopenblas.a and OPENBLAS_INCLUDE=/dir/of/cblas.h for another BLAS.

EXTENSION = mlops
MODULE_big = mlops
PGFILEDESC = "mlops - machine learning models in SQL"
PG_CONFIG ?= pg_config

# The version is said in one place; lint holds META.json and CHANGELOG.md to it.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" mlops.control)

ROOMS = kernel learn pg api
OBJS = $(patsubst %.c,%.o,$(sort $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c))))

# ---- SQL: parts in the order of their numbers make one script; upgrades are written by hand
SQL_PARTS = $(sort $(wildcard sql/parts/[0-9][0-9]_*.sql))
SQL_SCRIPT = sql/mlops--$(EXTVERSION).sql
# ... and the data sets of mlops_load_dataset with their licences, which it finds beside the scripts
DATA = $(wildcard sql/mlops--*--*.sql) $(sort $(wildcard data/mlops-*))
DATA_built = $(SQL_SCRIPT)

# ---- OpenBLAS: its threads must never start inside a backend.  The static serial archive loads
# fastest and cannot be replaced at run time by the threaded flavour of the same name; the serial
# shared library by rpath is next; whatever the linker finds comes last and may bring threads.
OPENBLAS ?= $(firstword $(wildcard /usr/lib/*/openblas-serial/libopenblas.a /usr/lib/*/openblas-serial/libopenblas.so))
ifneq ($(OPENBLAS),)
OPENBLAS_DIR = $(patsubst %/,%,$(dir $(OPENBLAS)))
# /usr/lib/TRIPLE/openblas-serial -> /usr/include/TRIPLE/openblas-serial
OPENBLAS_INCLUDE ?= $(patsubst /usr/lib/%,/usr/include/%,$(OPENBLAS_DIR))
BLAS_LINK = $(OPENBLAS) $(if $(filter %.a,$(OPENBLAS)),-Wl$(comma)--exclude-libs$(comma)ALL,-Wl$(comma)-rpath$(comma)$(OPENBLAS_DIR))
else
BLAS_LINK = -lopenblas
endif
comma = ,

# No Fortran run-time: the routines used are C and assembler inside OpenBLAS (lint looks for strays).
SHLIB_LINK = $(BLAS_LINK) -lpthread -lm

# ---- compiler flags.  Results must be the same on every machine of a family: no fused
# multiply-add behind our back, no -ffast-math, no -march=native; errno of libm is never read, nor
# are floating-point exceptions, so that a choice between two numbers needs no branch.
PG_CPPFLAGS = -Isrc $(if $(OPENBLAS_INCLUDE),-I$(OPENBLAS_INCLUDE)) -ffp-contract=off -fno-math-errno \
	-fno-trapping-math \
	-DMLOPS_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -MMD -MP
ifdef WERROR
# the server's headers count as system headers: warnings in them are not ours
PG_CPPFLAGS += -isystem $(includedir_server)
PG_CFLAGS += -Wall -Wextra -Wno-unused-parameter -Werror
ifneq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
# pg_config reports gcc's flags, which clang does not all know
PG_CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-unused-command-line-argument
endif
endif
ifdef COVERAGE
PG_CFLAGS += -O1 --coverage -fprofile-update=atomic
SHLIB_LINK += --coverage
endif

# Prediction is one call into C: there is nothing for the JIT to inline, so no bitcode is made and
# no clang is needed to build.
override with_llvm := no
# Own header dependencies (below): the server's rule keeps them by base name, and two rooms may
# have a file of the same name.
override autodepend :=

# ---- tests
# setup first when there is one; every other file stands by itself
SQL_TESTS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS = $(filter setup,$(SQL_TESTS)) $(filter-out setup,$(SQL_TESTS))
REGRESS_OPTS = --inputdir=test --load-extension=mlops
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
# expected output stands beside the specs; since PostgreSQL 16 that has to be said
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=mlops \
	$(if $(filter 15,$(MAJORVERSION)),,--expecteddir=test/isolation)
# the same database whatever the server's locale
ENCODING = UTF8
NO_LOCALE = 1
# TAP tests make clusters of their own: not as root, and not without IPC::Run
ifneq ($(shell test "$$(id -u)" != 0 && perl -MIPC::Run -e 'print 1' 2>/dev/null),)
TAP_TESTS = 1
endif
PROVE_TESTS = test/t/*.pl

EXTRA_CLEAN = $(OBJS:.o=.d) $(OBJS:.o=.gcno) $(OBJS:.o=.gcda) sql/*.tmp \
	$(filter-out $(DATA) $(SQL_SCRIPT),$(wildcard sql/mlops--*.sql))

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error $(PG_CONFIG) does not answer: install the server's development package or set PG_CONFIG)
endif
include $(PGXS)

# The numeric rooms are loops over arrays.
ifndef COVERAGE
src/kernel/%.o src/learn/%.o: override CFLAGS += -O3
endif

$(SQL_SCRIPT): $(SQL_PARTS) sql/parts mlops.control
	{ printf '%s\n' '-- mlops $(EXTVERSION): built from sql/parts, edit those' \
	     '\echo Use "CREATE EXTENSION mlops" to load this file. \quit'; \
	  cat $(SQL_PARTS); } > $@.tmp && mv $@.tmp $@

-include $(OBJS:.o=.d)
# where MLOPS_VERSION is told to users
src/api/module.o: mlops.control

# ---- what needs no server
.PHONY: unit lint format-check docs-check coverage
unit:
	$(MAKE) -C test/unit check

lint:
	sh test/lint.sh $(if $(wildcard $(MODULE_big)$(DLSUFFIX)),$(MODULE_big)$(DLSUFFIX))

format-check:
	sh test/format.sh

docs-check:
	sh test/docs.sh

coverage:
	./run coverage
