# shellcheck shell=sh disable=SC2154
# Whether a bucket can be used from this host, tried by an object that is written, listed, read and deleted. Read in by the
# preflight between its two halves, and only where a stack has a bucket; its first words are then
#   object-storage URL REGION BUCKET PREFIX SETTING SECRET DIRECTORY FILE
# PREFIX is what comes before the names of the objects, or empty; DIRECTORY has what was stored on the disk before, or what FILE
# says does (see past.sh). $storage_login has curl's options with the key, which so stands on no command line.

bucket_finding() { finding "$setting: $1"; }

# One request, signed. Prints "STATUS CURL'S-EXIT-STATUS"; the answer is in $room/answer, curl's words are in $room/words.
ask_bucket() { # METHOD PATH [FILE], which is sent
  sent=$(sha256sum "${3:-/dev/null}" | cut -d ' ' -f 1)
  path=$2 code=0
  if [ "$1" = PUT ]; then set -- -T "$3"; else set -- -X "$1"; fi
  status=$(printf '%s\n' "$storage_login" | curl -q --config - -sS --noproxy '*' --connect-timeout 10 --max-time 30 \
    --aws-sigv4 "aws:amz:$region:s3" -H "x-amz-content-sha256: $sent" -D "$room/head" -o "$room/answer" \
    -w '%{http_code}' "$@" "$url/$path" 2>"$room/words") || code=$?
  echo "$status $code"
}

of_answer() { sed -nE "s:.*<$1>([^<]*)</$1>.*:\1:p" "$room/answer" 2>/dev/null | head -n 1; } # ELEMENT

# What a failed request means, and what to do.
judge_bucket() { # STATUS CURL'S-EXIT-STATUS WHAT
  server=${url#*://}
  case $2 in
  0) ;;
  6) bucket_finding "this host finds no address of ${server%:*} ($(tr '\n' ' ' <"$room/words" | sed 's/ $//')): correct $setting.endpoint, or the host's name servers" && return 0 ;;
  7) bucket_finding "nothing answers at $url: start the storage, let this host reach it, or correct $setting.endpoint" && return 0 ;;
  28) bucket_finding "$url gives no answer in time: let this host reach it, or correct $setting.endpoint" && return 0 ;;
  35) bucket_finding "$url does not answer by TLS ($(tr '\n' ' ' <"$room/words" | sed 's/ $//')): correct $setting.endpoint, which may have to begin with http://" && return 0 ;;
  51 | 60) bucket_finding "the certificate of $url is not trusted on this host ($(head -n 1 "$room/words")): put the certificate of its authority into /usr/local/share/ca-certificates/NAME.crt there, run update-ca-certificates, or correct $setting.endpoint" && return 0 ;;
  *) bucket_finding "$url cannot be asked ($(tr '\n' ' ' <"$room/words" | sed 's/ $//')): correct $setting.endpoint" && return 0 ;;
  esac
  reason=$(of_answer Code)
  case $reason in
  NoSuchBucket) bucket_finding "there is no bucket $bucket at $url: make it, or correct $setting.bucket" ;;
  InvalidAccessKeyId | XAdminUserNotFound) bucket_finding "$url does not know the access key ID: correct $setting.accessKeyId" ;;
  SignatureDoesNotMatch) bucket_finding "$url says that the secret key is not that of the access key ID: correct the secret $secret, or $setting.accessKeyId" ;;
  RequestTimeTooSkewed | RequestExpired) bucket_finding "the clocks are too far apart, so that $url refuses what this host signs: it is $(date -u '+%Y-%m-%d %H:%M:%S') UTC here and $(sed -n 's/^[Dd]ate: *//p' "$room/head" | tr -d '\r') there; set the wrong one (timedatectl set-ntp true)" ;;
  AuthorizationHeaderMalformed | PermanentRedirect | TemporaryRedirect | IllegalLocationConstraintException)
    right=$(of_answer Region)
    bucket_finding "the bucket $bucket is in another region than $region${right:+, in $right}: correct $setting.region, and $setting.endpoint if it names one"
    ;;
  AccessDenied) bucket_finding "the access key may not $3 in the bucket $bucket: give it s3:ListBucket on the bucket, and s3:PutObject, s3:GetObject and s3:DeleteObject on its objects" ;;
  *) bucket_finding "$url does not let $3 in the bucket $bucket: HTTP status $1${reason:+, $reason ($(of_answer Message))}; correct $setting" ;;
  esac
}

# What was written goes also where the rest fails; where that fails as well, a person has to.
take_object_away() {
  case $(ask_bucket DELETE "$bucket/$name") in
  2??' 0' | '404 0') ;;
  *) note "$setting: the object $name, which was written to try the bucket $bucket, may be left there: delete it" ;;
  esac
}

# Ends at the first that fails: the others would for the same reason.
try_bucket() {
  name="${prefix}soar-profiling-check-$(cat /proc/sys/kernel/random/uuid)"
  echo "written by the preflight of soar-profiling, and of no use" >"$room/sent" || return 1
  for way in 'PUT write' 'LIST list' 'GET read' 'DELETE delete'; do
    what=${way#* }
    case $what in
    write) answer=$(ask_bucket PUT "$bucket/$name" "$room/sent") ;;
    # In the order of the alphabet, as it is signed.
    list) answer=$(ask_bucket GET "$bucket?list-type=2&max-keys=1") ;;
    *) answer=$(ask_bucket "${way% *}" "$bucket/$name") ;;
    esac
    case $answer in
    2??' 0') ;;
    *)
      judge_bucket "${answer% *}" "${answer#* }" "$what objects"
      [ "$what" = write ] || take_object_away
      return 0
      ;;
    esac
    if [ "$what" = read ] && ! cmp -s "$room/sent" "$room/answer"; then
      bucket_finding "$url gives back another object than was written: look at what stands between it and this host"
      take_object_away
      return 0
    fi
  done
}

# What was stored before is asked no more.
tell_left() { # DIRECTORY FILE
  for place in $({ echo "$1/shared" && stored_places "$1" "$2"; } | sort -u); do
    # Of 1.x PLACE/TENANT/KIND/BLOCK/meta.json, of 2.x anywhere below.
    blocks=$($sudo find "$place" -regextype posix-extended '(' -regex "$place/[^/]+/(local|phlaredb)/[^/]+/meta.json" -o \
      -path "$1/shared/*" -name block.bin ')' 2>/dev/null | wc -l)
    [ "$blocks" -gt 0 ] || continue
    note "$place has profiles from before the bucket (blocks: $blocks, $($sudo du -sm "$place" | cut -f 1) MiB): they stay there, and are not shown until they are copied (\"Into a bucket\" in docs/operations.md)"
  done
}

check_object_storage() { # URL REGION BUCKET PREFIX SETTING SECRET DIRECTORY FILE
  url=$1 region=$2 bucket=$3 prefix=${4:+$4/} setting=$5 secret=$6
  tell_left "$7" "$8"
  if ! command -v curl >/dev/null; then
    bucket_finding "curl is missing, which asks $url: apt-get install curl" && return 0
  fi
  version=$(curl -qV | sed -n '1s/^curl \([0-9.]*\).*/\1/p')
  if dpkg --compare-versions "$version" lt 7.88; then
    warning "$setting was not tried: curl $version cannot sign for it, 7.88 and later can" && return 0
  fi
  room=$(mktemp -d) || { finding "no file can be made in ${TMPDIR:-/tmp}" && return 0; }
  try_bucket || bucket_finding "it cannot be tried (the reason above)"
  rm -rf "$room" || :
}

shift
check_object_storage "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8"
shift 8
