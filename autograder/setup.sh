#!/bin/sh
# Gradescope runs this once, as root, when it builds the image of the autograder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
NODE_VERSION=${NODE_VERSION:-v22.12.0}

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends ca-certificates curl gcc libc6-dev make python3 xz-utils

is_new_enough() {
  command -v node > /dev/null &&
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 17) ? 0 : 1)'
}

# The Node.js of Ubuntu 22.04 and 24.04 is too old.
if ! is_new_enough; then
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) echo "setup.sh: no Node.js is known for $(uname -m)" >&2; exit 1 ;;
  esac
  file=node-$NODE_VERSION-linux-$machine.tar.xz
  folder=$(mktemp -d)
  cd "$folder"
  curl -fsSLO "https://nodejs.org/dist/$NODE_VERSION/$file"
  curl -fsSLO "https://nodejs.org/dist/$NODE_VERSION/SHASUMS256.txt"
  grep " $file\$" SHASUMS256.txt | sha256sum -c -
  tar -xJf "$file" -C /usr/local --strip-components=1 --exclude='*.md' --exclude=LICENSE
  cd /
  rm -rf "$folder"
fi

# A package beside this file (npm pack) comes before the published one.
package=sockkit
for packed in "$here"/sockkit-*.tgz; do
  if [ -f "$packed" ]; then package=$packed; fi
done
npm install --global --no-audit --no-fund "$package"

# Whom the students' programs run as: nobody who could write the results.
id student > /dev/null 2>&1 || useradd --create-home student
sockcheck --version
