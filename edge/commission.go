package edge

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"anlan/drivers"
	"anlan/drivers/modbus"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
)

// portsCommand lists the serial adapters plugged in by what stays the same when one is
// plugged in again: what belongs into a configuration.
func portsCommand(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	listPorts(stdout, terminalLanguage(os.Getenv), serialport.System{})
	return 0
}

func listPorts(w io.Writer, l language, s serialport.System) {
	all := s.Adapters()
	if len(all) == 0 {
		fmt.Fprintln(w, l.say("没有插入 USB 串口适配器；板载串口请写 /dev/ttyS…", "no serial adapter on USB is plugged in; name a port of the board by its /dev/ttyS…"))
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, l.say("现在是\t按插口写（推荐）\t按型号写\t序列号", "now at\tby its socket (best)\tby its model\tserial number"))
	for _, a := range all {
		serial, model := a.Serial, "usb:"+a.Vendor+":"+a.Product
		if serial != "" {
			model += ":" + serial
		}
		fmt.Fprintf(t, "%s\tusb-port:%s\t%s\t%s\n", a.Path, a.Interface, model, serial)
	}
	_ = t.Flush() // to a terminal or pipe; a reader that left needs no answer
}

// objectWords name the standard objects of a device's identification.
var objectWords = [...][2]string{{"厂商", "vendor"}, {"产品代码", "product code"}, {"版本", "revision"}, {"网址", "URL"}, {"产品名", "product name"}, {"型号", "model"}, {"应用", "application"}}

// identifyCommand asks one unit what it is, with Modbus function 43/14, and, since many
// do not know that, at least whether it is there.
func identifyCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("identify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	port := flags.String("port", "", "serial `PORT`, as in a configuration")
	address := flags.String("address", "", "`HOST:PORT` of a Modbus TCP server")
	overRTU := flags.Bool("rtu", false, "the address is a gateway that hands a serial line through")
	ascii := flags.Bool("ascii", false, "ASCII framing")
	baud := flags.Int("baud", 9600, "of the line")
	parity := flags.String("parity", "none", "none, even or odd")
	stop := flags.Int("stop", 1, "stop bits")
	unit := flags.Uint("unit", 1, "unit id")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || (*port == "") == (*address == "") || *unit < 1 || *unit > 255 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	l := terminalLanguage(os.Getenv)
	var bus *modbus.Bus
	var err error
	if *port != "" {
		bus, err = modbus.OpenRTU(modbus.RTUConfig{Port: *port, Baud: *baud, Parity: *parity, StopBits: *stop, ASCII: *ascii})
	} else {
		cfg := modbus.TCPConfig{Address: *address}
		if *overRTU {
			bits := serialport.Mode{Parity: *parity, StopBits: *stop}.BitsPerChar()
			cfg.RTU = &modbus.GatewayLine{Baud: *baud, BitsPerChar: bits, ASCII: *ascii}
		}
		bus, err = modbus.OpenTCP(ctx, cfg)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	err = errors.Join(identify(ctx, stdout, l, bus.Client(), uint8(*unit)), bus.Close())
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// identifyWithin is how long a slow device may take for each answer.
const identifyWithin = 2 * time.Second

func identify(ctx context.Context, w io.Writer, l language, c *modbus.Client, unit uint8) error {
	c.SetTiming(unit, profile.Timing{Timeout: identifyWithin, MaxLatency: identifyWithin})
	var objects []modbus.IDObject
	var err error
	for _, level := range []modbus.IDLevel{modbus.IDRegular, modbus.IDBasic} {
		if objects, err = c.ReadDeviceIdentification(ctx, unit, level, 0); !errors.Is(err, drivers.ErrException) {
			break
		}
	}
	if e, ok := errors.AsType[*modbus.ExceptionError](err); ok && !errors.Is(err, drivers.ErrTimeout) {
		fmt.Fprintf(w, l.say("站号 %d 有应答，但不支持设备标识（%v）\n", "unit %d answers, but does not tell what it is (%v)\n"), unit, e)
		return nil
	}
	if err != nil {
		return err
	}
	for _, o := range objects {
		name := fmt.Sprintf("0x%02X", o.ID)
		if int(o.ID) < len(objectWords) {
			name = l.say(objectWords[o.ID][0], objectWords[o.ID][1])
		}
		fmt.Fprintf(w, "%s: %q\n", name, o.Value)
	}
	return nil
}
