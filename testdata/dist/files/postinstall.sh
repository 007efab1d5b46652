#!/bin/sh
set -e
if command -v systemd-sysusers >/dev/null 2>&1; then systemd-sysusers brood.conf || true; fi
if command -v systemd-tmpfiles >/dev/null 2>&1; then systemd-tmpfiles --create brood.conf || true; fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
