package edge

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"anlan/contract"
	"anlan/edge/config"
	"anlan/edge/identity"
)

// enrolCommand turns a token into this edge's own certificate. The token comes from a
// file or standard input, never from the command line, where others could read it.
func enrolCommand(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("enrol", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", "", "configuration `FILE`")
	tokenFile := flags.String("token-file", "", "`FILE` that holds the token; without it the token is asked for")
	if err := flags.Parse(args); err != nil || *file == "" || flags.NArg() > 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	lang := terminalLanguage(os.Getenv)
	cfg, _, ps := Load(*file)
	if len(ps) > 0 {
		refuse(stderr, lang, cfg, ps)
		return 1
	}
	id, err := enrol(ctx, cfg, *tokenFile, stdin, stderr, lang)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	fmt.Fprintf(stdout, lang.say("网关 %s 已接入，证书有效期至 %s（到期前自动续期），保存在 %s\n",
		"edge %s is enrolled; its certificate holds until %s (renewed by itself before that) and is kept in %s\n"), id.Edge, id.NotAfter().Local().Format(time.DateOnly), cfg.IdentityDir())
	return 0
}

func enrol(ctx context.Context, cfg *config.Config, tokenFile string, stdin io.Reader, stderr io.Writer, lang language) (identity.Identity, error) {
	in := stdin
	if tokenFile != "" {
		f, err := os.Open(tokenFile)
		if err != nil {
			return identity.Identity{}, fmt.Errorf("edge: enrol: %w", err)
		}
		defer f.Close()
		in = f
	} else {
		fmt.Fprint(stderr, lang.say("请粘贴接入令牌后回车：", "Paste the enrolment token and press Enter: "))
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && err != io.EOF {
		return identity.Identity{}, fmt.Errorf("edge: enrol: read token: %w", err)
	}
	token, err := contract.ParseEnrolmentToken(line)
	if err != nil {
		return identity.Identity{}, fmt.Errorf("edge: enrol: %w", err)
	}
	if token.Edge != cfg.Edge.ID {
		return identity.Identity{}, fmt.Errorf("edge: enrol: the token is for %s, this configuration is of %s", token.Edge, cfg.Edge.ID)
	}
	return identity.Enrol(ctx, http.DefaultClient, cfg.IdentityDir(), token)
}
