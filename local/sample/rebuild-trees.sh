#!/usr/bin/env bash
# Builds the three states of the sample's master that are committed under trees/: real packages and metadata, so that `npm start`
# can show a network that real dnf and apt install from, on a machine that has neither. Needs rpmbuild, createrepo_c, dpkg-deb,
# apt-ftparchive, gzip and python3. The same input gives the same bytes: every time in it is one of DATES.
set -euo pipefail
cd "$(dirname "$0")"

NAME=hello-mirrors
VERSIONS=(1.0 1.1 1.2)
DATES=(1790845200 1792486800 1794301200) # 2026-10-01, 2026-10-20, 2026-11-10, 09:00 UTC
RPM_DIRECTORY=fedora/linux/releases/41/Everything/x86_64/os
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build_rpm() { # VERSION DATE TARGET
  cat > "$work/package.spec" <<SPEC
Name: $NAME
Version: $1
Release: 1
Summary: Says which version of the sample a mirror gave you
License: Apache-2.0
BuildArch: noarch
%description
Part of the sample network.
%install
mkdir -p %{buildroot}/usr/share/$NAME
echo $1 > %{buildroot}/usr/share/$NAME/version
%files
/usr/share/$NAME
SPEC
  SOURCE_DATE_EPOCH=$2 rpmbuild -bb --quiet --define "_topdir $work/rpm" --define "_rpmdir $3" --define '_build_id_links none' \
    --define '_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm' --define '_buildhost sample.invalid' \
    --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' "$work/package.spec"
  touch -d "@$2" "$3/$NAME-$1-1.noarch.rpm"
}

build_deb() { # VERSION DATE TARGET
  rm -rf "$work/deb" && mkdir -p "$work/deb/DEBIAN" "$work/deb/usr/share/$NAME"
  echo "$1" > "$work/deb/usr/share/$NAME/version"
  printf '%s\n' "Package: $NAME" "Version: $1" 'Architecture: all' 'Maintainer: Sample <sample@mirrors.invalid>' \
    'Description: Says which version of the sample a mirror gave you' > "$work/deb/DEBIAN/control"
  SOURCE_DATE_EPOCH=$2 dpkg-deb --root-owner-group --build "$work/deb" "$3/${NAME}_$1_all.deb" > /dev/null
  touch -d "@$2" "$3/${NAME}_$1_all.deb"
}

build_wheel() { # VERSION DATE VOLUME TARGET
  python3 - "$@" <<'PYTHON'
import base64, hashlib, os, sys, time, zipfile
version, date, volume, target = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
info = f'hello_mirrors-{version}.dist-info'
files = {
    'hello_mirrors.py': f'VERSION = "{version}"\nFROM = "{volume}"\n',
    f'{info}/METADATA': f'Metadata-Version: 2.1\nName: hello-mirrors\nVersion: {version}\nRequires-Python: >=3.6\n',
    f'{info}/WHEEL': 'Wheel-Version: 1.0\nGenerator: sample\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
}
digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()
rows = ''.join(f'{name},sha256={digest(text)},{len(text)}\n' for name, text in files.items())
files[f'{info}/RECORD'] = f'{rows}{info}/RECORD,,\n'
os.makedirs(target, exist_ok=True)
with zipfile.ZipFile(f'{target}/hello_mirrors-{version}-py3-none-any.whl', 'w') as archive:
    for name, text in files.items():
        archive.writestr(zipfile.ZipInfo(name, time.gmtime(date)[:6]), text)
PYTHON
}

write_tools() { # VERSION TARGET
  mkdir -p "$2"
  printf '#!/bin/sh\necho "hello from version %s"\n' "$1" > "$2/hello-mirrors"
  chmod +x "$2/hello-mirrors"
  (cd "$2" && sha256sum hello-mirrors > SHA256SUMS)
}

write_rpm_metadata() { # TREE DATE
  createrepo_c --quiet --no-database --revision "$2" --set-timestamp-to-revision "$1/$RPM_DIRECTORY"
}

write_apt_metadata() { # TREE DATE
  local suite=$1/debian/dists/stable arch
  for arch in amd64 arm64; do
    mkdir -p "$suite/main/binary-$arch"
    (cd "$1/debian" && apt-ftparchive --arch "$arch" packages pool) > "$suite/main/binary-$arch/Packages"
    gzip -9nk "$suite/main/binary-$arch/Packages"
  done
  local release=(-o APT::FTPArchive::Release::Origin=Sample -o APT::FTPArchive::Release::Label=Sample
    -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable
    -o "APT::FTPArchive::Release::Architectures=amd64 arm64" -o APT::FTPArchive::Release::Components=main
    -o "APT::FTPArchive::Release::Date=$(LC_ALL=C date -u -d "@$2" '+%a, %d %b %Y %H:%M:%S UTC')")
  apt-ftparchive "${release[@]}" release "$suite" > "$work/Release"
  sed -i "s/^Date: .*/Date: $(LC_ALL=C date -u -d "@$2" '+%a, %d %b %Y %H:%M:%S UTC')/" "$work/Release"
  mv "$work/Release" "$suite/Release"
}

rm -rf trees
for state in 0 1 2; do
  tree=trees/$((state + 1))
  rpms=$tree/$RPM_DIRECTORY/Packages
  debs=$tree/debian/pool/main/$NAME
  mkdir -p "$rpms" "$debs"
  for ((earlier = 0; earlier <= state; earlier++)); do
    build_rpm "${VERSIONS[$earlier]}" "${DATES[$earlier]}" "$PWD/$rpms"
    build_deb "${VERSIONS[$earlier]}" "${DATES[$earlier]}" "$PWD/$debs"
    for volume in pypi wheel; do
      build_wheel "${VERSIONS[$earlier]}" "${DATES[$earlier]}" "$volume" "$tree/$volume/$NAME"
    done
  done
  write_tools "${VERSIONS[$state]}" "$tree/tools"
  # Loose files, under no repository: sites mirror those too.
  mkdir -p "$tree/fedora/linux/releases/41/Everything/x86_64/iso"
  echo "state $((state + 1))" > "$tree/fedora/linux/releases/41/Everything/x86_64/iso/CHECKSUM"
  echo 'The sample network of Mirrortide.' > "$tree/fedora/linux/README"
  write_rpm_metadata "$tree" "${DATES[$state]}"
  write_apt_metadata "$tree" "${DATES[$state]}"
done
du -sh trees
