#!/bin/sh
# Begins a new service as a copy of news: deploy/new-service.sh NAME. docs/add-a-service.md tells what comes after.
set -eu

name=${1-}
case $name in
'' | *[!a-z]*)
    echo "deploy/new-service.sh NAME: one word of lower-case letters, such as reviews" >&2
    exit 64
    ;;
esac
for there in "services/$name" "crates/$name" "proto/holdfast/$name" "migrations/$name"; do
    if [ -e "$there" ]; then
        echo "$there is there already" >&2
        exit 65
    fi
done

capital=$(printf %s "$name" | cut -c1 | tr '[:lower:]' '[:upper:]')$(printf %s "$name" | cut -c2-)
upper=$(printf %s "$name" | tr '[:lower:]' '[:upper:]')

# Renames news to the new service in each file given.
rename() {
    for file in "$@"; do
        sed "s/news/$name/g; s/News/$capital/g; s/NEWS/$upper/g" "$file" >"$file.new"
        mv "$file.new" "$file"
    done
}

mkdir -p "proto/holdfast/$name/v1"
cp "proto/holdfast/news/v1/news.proto" "proto/holdfast/$name/v1/$name.proto"
cp -R migrations/news "migrations/$name"
cp -R services/news "services/$name"
mv "services/$name/tests/news" "services/$name/tests/$name"
# The test that copies this service is not for its copies.
rm "services/$name/tests/copy.rs"
rename "proto/holdfast/$name/v1/$name.proto" $(find "services/$name" "migrations/$name" -type f)

# Adds lines to a file behind the first one that is exactly the mark: add_behind FILE MARK LINES, `\n` between lines.
add_behind() {
    grep -qxF -- "$2" "$1" || {
        echo "$1 has no line \`$2\` any more: correct deploy/new-service.sh" >&2
        exit 70
    }
    awk -v mark="$2" -v lines="$3" '{ print } $0 == mark && !done { print lines; done = 1 }' "$1" >"$1.new"
    mv "$1.new" "$1"
}

add_behind Cargo.toml 'news = { path = "services/news" }' "$name = { path = \"services/$name\" }"
add_behind crates/api/build.rs '        "news/v1/news",' "        \"$name/v1/$name\","
add_behind crates/api/src/lib.rs 'pub use wire::news::v1 as news;' "pub use wire::$name::v1 as $name;"
add_behind crates/api/src/lib.rs 'mod wire {' \
    "    pub mod $name {\n        pub mod v1 {\n            tonic::include_proto!(\"holdfast.$name.v1\");\n        }\n    }"

echo "services/$name is a copy of news. What comes next stands in docs/add-a-service.md."
