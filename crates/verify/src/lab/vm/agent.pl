# Runs the commands that the host sends through a virtio-serial port, one after the other.
#
# Both sides send frames: a letter, the length of the content as 32 bits in big-endian order, the content.
#   host:   R  a command: its words, separated by NUL     I  some of its input; empty: the end
#   guest:  H  the agent has started: nothing             O  some output         E  some error output
#           X  the command has ended: its wait status, in decimal
use strict;
use warnings;
use Fcntl qw(O_RDWR F_GETFL F_SETFL O_NONBLOCK);

# Most input that waits here for the command to read it.
use constant WAITING => 1 << 20;
use constant CHUNK => 1 << 16;
use constant WNOHANG => 1;

# The device of the port; the link that udev makes for it may come later.
sub find_port {
    for (;;) {
        for my $folder (glob '/sys/class/virtio-ports/*') {
            open my $file, '<', "$folder/name" or next;
            return '/dev/' . ($folder =~ s{.*/}{}r) if readline($file) eq "agent\n";
        }
        select undef, undef, undef, 0.1;
    }
}

my $port_path = find_port();
sysopen my $port, $port_path, O_RDWR or die "$port_path: $!\n";
# A handler, unlike IGNORE, is not inherited by the commands.
$SIG{PIPE} = sub { };
my $received = '';

# Reads what has come. While nobody is connected the port seems to have ended.
sub receive {
    sysread $port, $received, CHUNK, length $received or select undef, undef, undef, 0.05;
}

# The next frame that has come completely.
sub frame {
    return if length $received < 5;
    my ($kind, $length) = unpack 'aN', $received;
    return if length $received < 5 + $length;
    my $content = substr $received, 5, $length;
    substr $received, 0, 5 + $length, '';
    return ($kind, $content);
}

sub answer {
    my ($kind, $content) = @_;
    my $frame = pack 'aN/a*', $kind, $content;
    while ($frame ne '') {
        my $count = syswrite $port, $frame;
        substr $frame, 0, $count, '' if defined $count;
    }
}

sub run {
    my @words = @_;
    pipe my $their_input, my $input or die "pipe: $!\n";
    pipe my $output, my $their_output or die "pipe: $!\n";
    pipe my $errors, my $their_errors or die "pipe: $!\n";
    my $process = fork // die "fork: $!\n";
    if ($process == 0) {
        chdir '/';
        open STDIN, '<&', $their_input;
        open STDOUT, '>&', $their_output;
        open STDERR, '>&', $their_errors;
        exec { $words[0] } @words or die "$words[0]: $!\n";
    }
    close $_ for $their_input, $their_output, $their_errors;
    fcntl $input, F_SETFL, fcntl($input, F_GETFL, 0) | O_NONBLOCK;

    my %outputs = (O => $output, E => $errors);
    my ($waiting, $all_came, $status) = ('', 0, undef);
    for (;;) {
        while (!$all_came && length $waiting < WAITING and my ($kind, $content) = frame()) {
            $kind eq 'I' or die "unexpected frame $kind\n";
            $content eq '' ? $all_came = 1 : ($waiting .= $content);
        }
        undef $input if $all_came && $waiting eq '';
        # Nobody reads what is still to come.
        $waiting = '' if !$input;

        my ($readable, $writable) = ('', '');
        vec($readable, fileno $_, 1) = 1 for values %outputs;
        if (!defined $status) {
            vec($readable, fileno $port, 1) = 1 if !$all_came && length $waiting < WAITING;
            vec($writable, fileno $input, 1) = 1 if $input && $waiting ne '';
        }
        # A daemon that the command leaves behind may hold its outputs open: after the end only what is there
        # already counts.
        my $patience = defined $status ? 0 : %outputs ? 0.5 : 0.01;
        my $came = 0;
        if (select($readable, $writable, undef, $patience) > 0) {
            receive() if vec $readable, fileno $port, 1;
            for my $kind (keys %outputs) {
                next if !vec $readable, fileno $outputs{$kind}, 1;
                $came = 1;
                if (sysread $outputs{$kind}, my $chunk, CHUNK) { answer($kind, $chunk) }
                else                                           { delete $outputs{$kind} }
            }
            if ($input && vec $writable, fileno $input, 1) {
                my $count = syswrite $input, $waiting, CHUNK;
                if    (defined $count)  { substr $waiting, 0, $count, '' }
                elsif (!$!{EAGAIN})     { undef $input }
            }
        }
        last if defined $status && !$came;
        $status = $? if !defined $status && waitpid($process, WNOHANG) > 0;
    }
    answer('X', $status);
}

answer('H', '');
for (;;) {
    my ($kind, $content) = frame() or receive(), next;
    # Input that the last command did not wait for is of no use.
    run(split /\0/, $content, -1) if $kind eq 'R';
}
