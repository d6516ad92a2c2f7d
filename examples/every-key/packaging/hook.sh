#!/bin/sh
# $1: install, upgrade or remove; in a script of one format, what its package manager passes.
exit 0
