#!/bin/sh
echo every key
