# Shared by the scripts beside it, which ask a running program what it runs on; `require` it. Debian's perl-base has no
# reader of JSON or YAML: these read what the programs answer and what we write ourselves.
# Each prints a line for a finding, `differs WHAT` or `foreign WHAT` (see in-force.sh of the host's scripts), of what may be
# secret only the name. It fails where the program does not answer.
use strict;
use warnings;

my @findings;
sub differs { push @findings, "differs $_[0]" }
sub foreign { push @findings, "foreign $_[0]" }
sub found { return scalar @findings }

# No log needs more than the first ones to see what is going on.
sub finish {
  my $more = @findings - 6;
  splice @findings, 5, @findings, "differs $more more of $_[0]" if $more > 0 && $more++;
  print map { "$_\n" } @findings;
}

sub content { my ($file) = @_; open(my $in, '<', $file) or die "$file: $!\n"; local $/; return scalar <$in> // '' }
sub changed { return (stat $_[0])[10] // 0 } # when FILE got its content or its place, in seconds

# What a command prints, on all of its lines.
sub output {
  open(my $in, '-|', @_) or die "$_[0]: $!\n";
  local $/;
  my $text = <$in>;
  return close($in) ? $text : undef;
}

# What a server answers; one that is just starting is asked again.
sub fetch {
  my ($url, @options) = @_;
  my $text = output('curl', '-fsS', '--max-time', 10, '--retry', 1, '--retry-delay', 1, '--retry-connrefused', @options, '--', $url);
  return $text // die "no answer from $url\n";
}

# The value of a metric without labels, or the one label of a metric that has its value there.
sub metric { my ($metrics, $name) = @_; return $metrics =~ /^\Q$name\E (\S+)$/m ? $1 : undef }

# --- JSON: hashes, lists and texts; of true, false and null the words.

my %escaped = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

sub json {
  my ($text) = @_;
  my $value = json_value(\$text);
  $text =~ /\G\s*\z/gc or die "the answer is not JSON\n";
  return $value;
}

sub json_value {
  my ($text) = @_;
  $$text =~ /\G\s+/gc;
  return json_string($text) if $$text =~ /\G"/gc;
  return $1 if $$text =~ /\G(-?\d[-+.\deE]*|true|false|null)/gc;
  my $is_list = $$text =~ /\G\[/gc;
  $is_list || $$text =~ /\G\{/gc or die "the answer is not JSON\n";
  my (@list, %hash);
  until ($$text =~ /\G\s*[]}]/gc) {
    if ($is_list) { push @list, json_value($text) }
    else {
      $$text =~ /\G\s*"/gc or die "the answer is not JSON\n";
      my $key = json_string($text);
      $$text =~ /\G\s*:/gc or die "the answer is not JSON\n";
      $hash{$key} = json_value($text);
    }
    $$text =~ /\G\s*,/gc;
  }
  return $is_list ? \@list : \%hash;
}

sub json_string { # after its first quote
  my ($text) = @_;
  $$text =~ /\G((?:[^"\\]|\\.)*)"/gcs or die "the answer is not JSON\n";
  my $string = $1;
  $string =~ s{\\(?:u([0-9a-fA-F]{4})|(.))}{defined $1 ? char(hex $1) : $escaped{$2} // $2}gse if $string =~ /\\/;
  return $string;
}

sub char { my ($text) = chr $_[0]; utf8::encode($text); return $text }

# One text for equal values.
sub canonical {
  my ($value) = @_;
  return '[' . join(',', map { canonical($_) } @$value) . ']' if ref $value eq 'ARRAY';
  return '{' . join(',', map { "$_:" . canonical($value->{$_}) } sort keys %$value) . '}' if ref $value eq 'HASH';
  return $value =~ s/([\\,:{}[\]])/\\$1/gr;
}

# --- YAML in block style: paths such as limits.rules[0].action, in their order, and their values.

sub yaml {
  my ($text) = @_;
  my (@paths, %value, %items);
  my @above = ([-1, 'key', '']); # indentation, kind and path of what a line may be in
  my $literal; # the indentation of the key of a text over several lines
  for (split /\n/, $text) {
    next unless /^( *)([^\s#].*)$/;
    my ($at, $rest) = (length $1, $2);
    next if defined $literal && $at > $literal;
    $literal = undef;
    while ($rest =~ s/^-(?: +|$)//) {
      my $width = $+[0];
      pop @above while $above[-1][0] > $at || $above[-1][0] == $at && $above[-1][1] eq 'item';
      my $path = "$above[-1][2]\[" . $items{ $above[-1][2] }++ . ']';
      push @above, [$at, 'item', $path];
      $at += $width;
    }
    if ($rest =~ /^("[^"]*"|'[^']*'|[^\s"'{[][^:]*):(?: +(.*))?$/) {
      my ($key, $scalar) = (unquoted($1), $2 // '');
      pop @above while $above[-1][0] >= $at;
      my $path = $above[-1][2] eq '' ? $key : "$above[-1][2].$key";
      push @paths, $path;
      $value{$path} = unquoted($scalar);
      push @above, [$at, 'key', $path] if $value{$path} eq '';
      $literal = $at if $scalar =~ /^[|>][-+\d]*$/;
    } elsif ($rest ne '' && $above[-1][1] eq 'item') {
      push @paths, $above[-1][2];
      $value{ $above[-1][2] } = unquoted($rest);
    }
  }
  return (\@paths, \%value);
}

sub unquoted { # SCALAR: without quotes and comment
  my ($text) = @_;
  return $1 =~ s/''/'/gr if $text =~ /^'((?:[^']|'')*)'/;
  return $1 =~ s/\\(.)/$escaped{$1} \/\/ $1/ger if $text =~ /^"((?:[^"\\]|\\.)*)"/;
  return $text =~ s/(?:^| +)#.*//r =~ s/ +$//r;
}

# Whether a file is one of those that a pattern as of a shell names.
sub is_matched {
  my ($file, $pattern) = @_;
  my $expression = join '', map { $_ eq '*' ? '[^/]*' : $_ eq '?' ? '[^/]' : quotemeta } split //, $pattern;
  return $file =~ /^$expression$/;
}

1;
