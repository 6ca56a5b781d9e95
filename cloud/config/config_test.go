package config

import (
	"strings"
	"testing"
)

func TestParse_ReadsOverTheDefaults(t *testing.T) {
	c, err := Parse("cloud.yaml", []byte("data_dir: /var/lib/anlan\ndemo: true\nmqtt: {listen: '0.0.0.0:8883'}\n"))
	if err != nil || !c.Demo || Default().Demo || c.Data != "/var/lib/anlan" || c.MQTT.Address != "0.0.0.0:8883" || c.HTTP.Address != "127.0.0.1:8080" || c.DSN() != "/var/lib/anlan/cloud.db" {
		t.Errorf("%+v %v", c, err)
	}
}

func TestParse_ListsEveryMistakeWithItsLine(t *testing.T) {
	_, err := Parse("cloud.yaml", []byte("data: x\nhttp: {listen: ''}\nseries:\n  retention_days: -1\n"))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"cloud.yaml:1: data:", "cloud.yaml:2: http.listen:", "cloud.yaml:4: series.retention_days:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}
