package services

import (
	"dozen/config"
	"dozen/stacks/data"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53targets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// loadBalancer is the only thing that the internet can reach: ports 80 and 443, or only 80 without a domain.
type loadBalancer struct {
	constructs.Construct
	balancer elb.ApplicationLoadBalancer
	listener elb.ApplicationListener // the one that serves users
	url      *string
}

// newLoadBalancer makes the load balancer, and with a domain its certificate, its record and the redirect to HTTPS.
func newLoadBalancer(scope constructs.Construct, id string, e config.Environment, d *data.Stack) *loadBalancer {
	this := constructs.NewConstruct(scope, jsii.String(id))
	l := &loadBalancer{Construct: this}
	group := awsec2.NewSecurityGroup(this, jsii.String("Group"), &awsec2.SecurityGroupProps{
		Vpc: d.Network.VPC, Description: jsii.String("Load balancer"), AllowAllOutbound: jsii.Bool(false),
	})
	l.balancer = elb.NewApplicationLoadBalancer(this, jsii.String("Balancer"), &elb.ApplicationLoadBalancerProps{
		Vpc:                     d.Network.VPC,
		VpcSubnets:              &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC},
		InternetFacing:          jsii.Bool(true),
		SecurityGroup:           group,
		DropInvalidHeaderFields: jsii.Bool(true),
		DesyncMitigationMode:    elb.DesyncMitigationMode_STRICTEST,
		IdleTimeout:             awscdk.Duration_Seconds(jsii.Number(config.IdleTimeout.Seconds())),
	})
	nag.Acknowledge(group, nag.OpenToUsers)
	l.logTo(d.Storage.AccessLogs)
	if e.Domain == (config.Domain{}) {
		l.serveHTTP()
	} else {
		l.serveHTTPS(e.Domain)
	}
	return l
}

// listenHTTP makes the listener on port 80. It has the same logical id with and without a domain: CloudFormation makes new
// listeners before it deletes old ones, and two cannot have the same port (aws-cdk#34235).
func (l *loadBalancer) listenHTTP(action elb.ListenerAction) elb.ApplicationListener {
	return l.balancer.AddListener(jsii.String("Http"), &elb.BaseApplicationListenerProps{
		Port: jsii.Number(80), Protocol: elb.ApplicationProtocol_HTTP, Open: jsii.Bool(true), DefaultAction: action,
	})
}

// logTo switches access logs on by the attributes themselves: the construct library's own method needs the region, which is
// not known before the deployment.
func (l *loadBalancer) logTo(bucket awss3.IBucket) {
	l.balancer.SetAttribute(jsii.String("access_logs.s3.enabled"), jsii.String("true"))
	l.balancer.SetAttribute(jsii.String("access_logs.s3.bucket"), bucket.BucketName())
	l.balancer.SetAttribute(jsii.String("access_logs.s3.prefix"), jsii.String(data.LoadBalancerLogs))
}

func (l *loadBalancer) serveHTTP() {
	l.listener = l.listenHTTP(notFound())
	l.url = jsii.Sprintf("http://%s", *l.balancer.LoadBalancerDnsName())
}

func (l *loadBalancer) serveHTTPS(d config.Domain) {
	zone := hostedZone(l.Construct, d)
	l.listener = l.balancer.AddListener(jsii.String("Https"), &elb.BaseApplicationListenerProps{
		Port: jsii.Number(443), Protocol: elb.ApplicationProtocol_HTTPS, Open: jsii.Bool(true), DefaultAction: notFound(),
		SslPolicy: elb.SslPolicy_TLS13_12_RES_PQ,
		Certificates: &[]elb.IListenerCertificate{
			elb.ListenerCertificate_FromCertificateManager(certificate(l.Construct, d, zone)),
		},
	})
	l.listenHTTP(elb.ListenerAction_Redirect(&elb.RedirectOptions{
		Port: jsii.String("443"), Protocol: jsii.String("HTTPS"), Permanent: jsii.Bool(true),
	}))
	if zone != nil {
		awsroute53.NewARecord(l.Construct, jsii.String("Record"), &awsroute53.ARecordProps{
			Zone: zone, RecordName: jsii.String(d.Name + "."),
			Target: awsroute53.RecordTarget_FromAlias(awsroute53targets.NewLoadBalancerTarget(l.balancer, nil)),
		})
	}
	l.url = jsii.Sprintf("https://%s", d.Name)
}

// hostedZone returns the hosted zone by its given id and name, or nil without one. Nothing is looked up.
func hostedZone(scope constructs.Construct, d config.Domain) awsroute53.IHostedZone {
	if d.HostedZoneID == "" {
		return nil
	}
	return awsroute53.HostedZone_FromHostedZoneAttributes(scope, jsii.String("Zone"), &awsroute53.HostedZoneAttributes{
		HostedZoneId: jsii.String(d.HostedZoneID), ZoneName: jsii.String(d.HostedZoneName),
	})
}

// certificate returns the given certificate, or one that is issued through the hosted zone.
func certificate(scope constructs.Construct, d config.Domain, zone awsroute53.IHostedZone) awscertificatemanager.ICertificate {
	if d.CertificateARN != "" {
		return awscertificatemanager.Certificate_FromCertificateArn(scope, jsii.String("Certificate"), jsii.String(d.CertificateARN))
	}
	return awscertificatemanager.NewCertificate(scope, jsii.String("Certificate"), &awscertificatemanager.CertificateProps{
		DomainName: jsii.String(d.Name), Validation: awscertificatemanager.CertificateValidation_FromDns(zone),
	})
}

// notFound answers until web's rule takes over, so that a listener never points at nothing.
func notFound() elb.ListenerAction {
	return elb.ListenerAction_FixedResponse(jsii.Number(404), &elb.FixedResponseOptions{
		ContentType: jsii.String("text/plain"), MessageBody: jsii.String("Not found"),
	})
}
