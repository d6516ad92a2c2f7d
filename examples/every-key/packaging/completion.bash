complete -W "run" every-key
