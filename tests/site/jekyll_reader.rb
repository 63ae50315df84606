# Reads documents as Jekyll does and tells each front matter as a line of JSON.
#
# In: for each document its length as a line, then its bytes. Out: a line each.
# The pattern and the loader are Jekyll's own, whatever they are in the version that is installed.

require "jekyll"
require "json"

# JSON has no times; a text that looks like one must not pass for it.
def plain(value)
  case value
  when Hash then value.to_h { |key, one| [key, plain(one)] }
  when Array then value.map { |one| plain(one) }
  when Time then { "a time" => value.utc.strftime("%Y-%m-%dT%H:%M:%S.%NZ") }
  when Date then { "a day" => value.to_s }
  when String, Integer, true, false then value
  else { "a #{value.class}" => value.inspect }
  end
end

$stdin.binmode
$stdout.binmode
while (length = $stdin.gets)
  document = $stdin.read(length.to_i).force_encoding(Encoding::UTF_8)
  found = Jekyll::Document::YAML_FRONT_MATTER_REGEXP.match(document)
  values = found && Jekyll::Utils.safe_load_yaml(found[1])
  puts JSON.generate({ "values" => plain(values), "body" => found&.post_match })
end
