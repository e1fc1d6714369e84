# shellcheck shell=bash
# Sourced with $root set. Checkouts in different folders share what ccache keeps: it takes paths inside
# a checkout as relative to the build directory, and so do file names in messages and stack traces.
export CCACHE_BASEDIR=${root:?} CCACHE_NOHASHDIR=1
