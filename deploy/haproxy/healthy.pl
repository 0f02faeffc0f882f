# Whether this HAProxy answers. Its image holds no curl; Perl it holds.
use strict;
use warnings;
use IO::Socket::INET;

my $haproxy = IO::Socket::INET->new(PeerAddr => '127.0.0.1:8404', Timeout => 2) or die "nobody answers: $@\n";
$haproxy->timeout(2);
print $haproxy "GET /alive HTTP/1.0\r\n\r\n";
my $answer = <$haproxy> // '';
die "it says $answer" unless $answer =~ m{^HTTP/1\.\d 200 };
