# Patterns of paths, as the programs on the host read them. For edit-lines.pl, which requires it.
use strict;
use warnings;
use Cwd ();

# An absolute path or pattern by its shortest name, which is that of the directory itself where the way to it has links.
sub shortest { # PATH DIRECTORY, which a relative one is in
  my ($path, $directory) = @_;
  my @parts;
  for my $part (split m{/+}, $path =~ m{^/} ? $path : "$directory/$path") {
    if ($part eq '..') { pop @parts }
    elsif ($part ne '.' && $part ne '') { push @parts, $part }
  }
  my $last = pop @parts // return '/';
  my $place = join '', map { "/$_" } @parts;
  $place = Cwd::abs_path($place) // $place if -d $place;
  return ($place eq '/' ? '' : $place) . "/$last";
}

# A pattern as Go's filepath.Match reads it, which all of the programs use: braces are letters in it, ** is *. Undefined
# where it is malformed.
sub matcher {
  my ($pattern) = @_;
  my $regex = '';
  while ($pattern =~ /\G(?:(\*)|(\?)|\[(\^?)((?:\\.|[^\\\]])+)\]|\\(.)|([^\\\[]))/gcs) {
    if (defined $1) { $regex .= '[^/]*' }
    elsif (defined $2) { $regex .= '[^/]' }
    elsif (defined $4) {
      my ($not, $set) = ($3, $4);
      my @letters = $set =~ /\\?(.)/gs;
      my $class = join '', map { $_ eq '-' ? '-' : quotemeta } @letters;
      return if !eval { $regex .= $not ? "[^/$class]" : "(?!/)[$class]"; qr/$regex/ };
    }
    else { $regex .= quotemeta(defined $5 ? $5 : $6) }
  }
  return (pos($pattern) // 0) == length $pattern ? qr/\A$regex\z/s : undef;
}

# How many of the paths that OURS matches a pattern takes in, and those that it does not.
sub taken_in { # PATTERN OURS PATHS...
  my ($pattern, $wanted, @paths) = @_;
  my @matchers = map { matcher($_) // return 0 } $pattern, $wanted;
  my @ours = grep { $_ =~ $matchers[1] } @paths;
  my @others = grep { $_ !~ $matchers[0] } @ours;
  return (@ours - @others, @others);
}

1;
