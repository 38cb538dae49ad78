// Generated from docs/openapi.json: `npm run openapi` writes it anew.
export interface paths {
    "/api/agents/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agent.config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/pending-commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agent.pendingCommands"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/commands/{command_id}/executed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.commandExecuted"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/pricing-report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.pricingReport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/switch-report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.switchReport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/termination": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.termination"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/cleanup-report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.cleanupReport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/rebalance-recommendation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.rebalanceRecommendation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/replica-config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agent.replicaConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/issue-switch-command": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.issueSwitchCommand"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agent.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/mark-command-executed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.markCommandExecuted"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/instances-to-terminate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["agent.instancesToTerminate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/termination-report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.terminationReport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/uninstall": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["agent.uninstall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["decision.decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/switch-recommendation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["decision.switchRecommendation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/replicas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["replica.list"];
        put?: never;
        post: operations["replica.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/replicas/{replica_id}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replica.promote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/replicas/{replica_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["replica.attach"];
        post?: never;
        delete: operations["replica.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/replicas/{replica_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replica.status"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/replicas/{replica_id}/sync-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replica.syncStatus"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/create-emergency-replica": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replica.createEmergency"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/termination-imminent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replica.terminationImminent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/manual-replica/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replica.enableManual"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/manual-replica/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replica.disableManual"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/manual-switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replica.manualSwitch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/sef-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["replica.sefStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/emergency-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["replica.emergencyStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.validate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.client"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/replicas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.replicas"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/agents/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.agentHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/agents/{agent_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.agent"];
        put?: never;
        post?: never;
        delete: operations["client.deleteAgent"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/agents/{agent_id}/toggle-enabled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["client.toggleEnabled"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/agents/{agent_id}/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["client.settings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/agents/{agent_id}/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["client.config"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/instances/{instance_id}/force-switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["client.forceSwitch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/instances/{instance_id}/pricing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.instancePricing"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/instances/{instance_id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.instanceMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/instances/{instance_id}/price-history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.priceHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/pricing-history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.pricingHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/instances/{instance_id}/available-options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.availableOptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/agents/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.decisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/savings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.savings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/savings/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.explainSavings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/price-overlays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.priceOverlays"];
        put: operations["client.setPriceOverlays"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/switch-history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.switchHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/stats/charts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.charts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/export/savings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.exportSavings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/export/switch-history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.exportSwitches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/export-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["client.linkToExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/exports/{link}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.openExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent_id}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.statistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/agents/{agent_id}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.statisticsAlias"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/instances/{instance_id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/instances/{instance_id}/pool-volatility": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.volatility"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/instances/{instance_id}/simulate-switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["client.simulateSwitch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/analytics/downtime": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.downtime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/pricing-alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.pricingAlerts"];
        put?: never;
        post: operations["client.createPricingAlert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/pricing-alerts/{alert_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["client.deletePricingAlert"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.whatIfs"];
        put?: never;
        post: operations["client.startWhatIf"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/what-if/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["client.whatIf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/clients/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["admin.createClient"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/clients/{client_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["admin.deleteClient"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/clients/{client_id}/regenerate-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["admin.regenerateToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/clients/{client_id}/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.readToken"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/clients/{client_id}/aws-access": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.readAwsAccess"];
        put: operations["admin.setAwsAccess"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/clients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.clients"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/clients/growth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.growth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.activity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.fleetInstances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.fleetAgents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/system-health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.systemHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/export/global-stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.exportStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/export-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["admin.linkToExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/exports/{link}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.openExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.searchOfOld"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/pools/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.poolStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/pool-statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.poolStatisticsOfOld"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/agents/health-summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.agentHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/agent-health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.agentHealthOfOld"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/bulk/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["admin.bulk"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.listTokens"];
        put?: never;
        post: operations["admin.createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["admin.revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/operators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.listOperators"];
        put?: never;
        post: operations["admin.createOperator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/operators/{operator_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["admin.revokeOperator"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["admin.importPrices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/clients/{client_id}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.readPlan"];
        put: operations["admin.setPlan"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.whatIfs"];
        put?: never;
        post: operations["admin.startWhatIf"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/what-if/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["admin.whatIf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/ml-models/upload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["model.uploadModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/decision-engine/upload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["model.uploadEngine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/ml-models/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["model.activateModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/ml-models/fallback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["model.fallBack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/ml-models/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["model.listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["notification.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/{notif_id}/mark-read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["notification.markRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/mark-all-read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["notification.markAllRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["notification.audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["notification.tenantAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["webhook.show"];
        put: operations["webhook.set"];
        post?: never;
        delete: operations["webhook.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/webhook/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["webhook.test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/client/{client_id}/webhook/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["webhook.redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["system.health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["docs.document"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["docs.page"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["docs.file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Storable: string | (number | boolean | null) | components["schemas"]["Storable"][] | {
            [key: string]: components["schemas"]["Storable"];
        };
        Failure: {
            error: string;
            /** @enum {string} */
            code: "invalid_request" | "agent_disabled" | "agent_too_old" | "replica_not_ready" | "replica_inactive" | "replica_exists" | "manual_mode_off" | "no_suitable_pool" | "pool_mismatch" | "already_there" | "missing_token" | "invalid_token" | "token_expired" | "token_revoked" | "client_inactive" | "forbidden" | "link_invalid" | "auto_switch_disabled" | "not_found" | "agent_not_found" | "client_not_found" | "command_not_found" | "instance_not_found" | "replica_not_found" | "pool_not_found" | "token_not_found" | "operator_not_found" | "notification_not_found" | "alert_not_found" | "webhook_not_found" | "what_if_not_found" | "model_session_not_found" | "no_fallback" | "client_exists" | "alert_limit" | "token_exists" | "price_unknown" | "already_expired" | "operator_exists" | "too_many_tokens" | "command_in_flight" | "agent_deleted" | "plan_limit" | "agent_not_enabled" | "instance_not_primary" | "replica_has_no_machine" | "replica_has_machine" | "instance_of_another_client" | "no_receiver" | "topic_of_another_account" | "body_too_large" | "model_unusable" | "test_too_soon" | "too_many_what_ifs" | "rate_limited" | "unavailable";
            details?: {
                [key: string]: string[];
            };
        } & {
            [key: string]: unknown;
        };
        GatewayFailure: {
            message: string;
        };
        Unexpected: {
            error: string;
        };
        Replica: {
            id: string;
            instance_id: string | null;
            type: string;
            status: string;
            is_active: boolean;
            pool_id: string;
            az: string;
            pool: {
                id: string;
                name: string;
                instance_type: string;
                region: string;
                az: string;
            };
            sync_status: string;
            sync_latency_ms: number | null;
            state_transfer_progress: number;
            cost: {
                hourly: number | null;
                total: number;
            };
            created_by: string;
            /** Format: date-time */
            created_at: string;
            ready_at: string | null;
            terminated_at: string | null;
            age_seconds: number;
            tags: {
                [key: string]: unknown;
            };
        };
        Decision: {
            instance_id: string | null;
            /** @enum {string} */
            recommended_action: "stay" | "switch_spot" | "switch_ondemand";
            /** @enum {string} */
            decision_type: "stay_spot" | "stay_ondemand" | "switch_to_spot" | "switch_to_ondemand";
            /** @enum {string} */
            recommended_mode: "spot" | "ondemand";
            recommended_pool_id: string | null;
            risk_score: number;
            expected_savings_per_hour: number;
            expected_savings: number;
            allowed: boolean;
            reason: string;
            confidence: number;
            model_version: string;
            explanation: {
                policy: string;
                model: string | null;
                degraded: boolean;
                terms: {
                    /** @enum {string} */
                    pacing: "observed" | "blind";
                    observed_share: number;
                    downtime_price: number;
                    budget_seconds: number;
                    spent_seconds: number;
                    entry_seconds: number;
                    threshold_hours: number;
                    pools: {
                        id: string;
                        price: number;
                        availability: string;
                        hazard: number;
                        score_hours: number | null;
                    }[];
                } | null;
                job: {
                    /** @enum {string} */
                    bound: "free" | "deadline";
                    time_left: number;
                    work_left: number;
                    slack: number;
                    overhead: number;
                    observed_share: number;
                    places: {
                        id: string;
                        price: number;
                        availability: string;
                        cost_hours: number | null;
                    }[];
                } | null;
                price_overlays: string[];
                first_closed_gate: string | null;
                what_it_takes: string;
                staying_costs_per_hour: number;
            };
        };
        AgentItem: {
            id: string;
            logicalAgentId: string;
            status: string;
            lastHeartbeat: string | null;
            instanceCount: number;
            enabled: boolean;
            autoSwitchEnabled: boolean;
            manualReplicaEnabled: boolean;
            autoTerminateEnabled: boolean;
            terminateWaitMinutes: number;
            auto_switch_enabled: boolean;
            auto_terminate_enabled: boolean;
            instanceId: string | null;
            instanceType: string | null;
            region: string | null;
            az: string | null;
            /** @enum {string} */
            currentMode: "spot" | "ondemand" | "unknown";
            agentVersion: string | null;
            hostname: string | null;
        };
    };
    responses: {
        InvalidRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"] & ({
                    /** @enum {string} */
                    code: "invalid_request";
                } & {
                    [key: string]: unknown;
                });
            };
        };
        Unauthenticated: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": (components["schemas"]["Failure"] & ({
                    /** @enum {string} */
                    code: "missing_token" | "invalid_token" | "token_expired" | "token_revoked";
                } & {
                    [key: string]: unknown;
                })) | components["schemas"]["GatewayFailure"];
            };
        };
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": (components["schemas"]["Failure"] & ({
                    /** @enum {string} */
                    code: "client_inactive" | "forbidden";
                } & {
                    [key: string]: unknown;
                })) | components["schemas"]["GatewayFailure"];
            };
        };
        BodyTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": (components["schemas"]["Failure"] & ({
                    /** @enum {string} */
                    code: "body_too_large";
                } & {
                    [key: string]: unknown;
                })) | components["schemas"]["GatewayFailure"];
            };
        };
        TooManyRequests: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["GatewayFailure"];
            };
        };
        Fault: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Unexpected"] | components["schemas"]["GatewayFailure"];
            };
        };
        Unavailable: {
            headers: {
                "retry-after"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": (components["schemas"]["Failure"] & ({
                    /** @enum {string} */
                    code: "unavailable";
                } & {
                    [key: string]: unknown;
                })) | components["schemas"]["GatewayFailure"];
            };
        };
        RateLimited: {
            headers: {
                "retry-after"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"] | components["schemas"]["GatewayFailure"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "agent.register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    client_token?: string | null;
                    logical_agent_id: string;
                    instance_id: string;
                    instance_type: string;
                    region: string;
                    az: string;
                    hostname?: string | null;
                    ami_id?: string | null;
                    mode?: ("spot" | "ondemand" | "unknown") | null;
                    agent_version?: string | null;
                    private_ip?: string | null;
                    public_ip?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agent_id: string;
                        client_id: string;
                        config: {
                            enabled: boolean;
                            auto_switch_enabled: boolean;
                            auto_terminate_enabled: boolean;
                            terminate_wait_seconds: number;
                            replica_enabled: boolean;
                            replica_count: number;
                            manual_replica_enabled: boolean;
                            min_savings_percent: number;
                            risk_threshold: number;
                            max_switches_per_week: number;
                            min_pool_duration_hours: number;
                            config_version: number;
                        };
                        message?: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_of_another_client" | "plan_limit";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @default online
                     * @enum {string}
                     */
                    status?: "online" | "disabled" | "offline" | "switching" | "error";
                    monitored_instances?: string[] | null;
                    instance_id?: string | null;
                    instance_type?: string | null;
                    mode?: ("spot" | "ondemand" | "unknown") | null;
                    az?: string | null;
                    accepts?: "merged"[] | null;
                    config_version?: number | null;
                    remaining_work_seconds?: number | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        merged?: {
                            commands: {
                                id: string;
                                /** @enum {string} */
                                command_type: "switch" | "create_replica";
                                /** @enum {string} */
                                target_mode: "spot" | "ondemand";
                                target_pool_id: string | null;
                                terminate_wait_seconds: number;
                                priority: number;
                                instance_id: string | null;
                                /** Format: date-time */
                                created_at: string;
                            }[];
                            replicas: components["schemas"]["Replica"][];
                            instances: {
                                instance_id: string;
                                instance_type: string | null;
                                az: string | null;
                                /** @enum {string} */
                                reason: "zombie_timeout" | "replica_terminated";
                                seconds_waiting: number;
                            }[];
                            config_version: number;
                            config?: {
                                enabled: boolean;
                                auto_switch_enabled: boolean;
                                auto_terminate_enabled: boolean;
                                terminate_wait_seconds: number;
                                replica_enabled: boolean;
                                replica_count: number;
                                manual_replica_enabled: boolean;
                                min_savings_percent: number;
                                risk_threshold: number;
                                max_switches_per_week: number;
                                min_pool_duration_hours: number;
                                config_version: number;
                            };
                            report_prices: boolean;
                            next_seconds: number;
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.config": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        enabled: boolean;
                        auto_switch_enabled: boolean;
                        auto_terminate_enabled: boolean;
                        terminate_wait_seconds: number;
                        replica_enabled: boolean;
                        replica_count: number;
                        manual_replica_enabled: boolean;
                        min_savings_percent: number;
                        risk_threshold: number;
                        max_switches_per_week: number;
                        min_pool_duration_hours: number;
                        config_version: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.pendingCommands": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        command_type: "switch" | "create_replica";
                        /** @enum {string} */
                        target_mode: "spot" | "ondemand";
                        target_pool_id: string | null;
                        terminate_wait_seconds: number;
                        priority: number;
                        instance_id: string | null;
                        /** Format: date-time */
                        created_at: string;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.commandExecuted": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
                command_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @default true */
                    success?: boolean;
                    message?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "command_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.pricingReport": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    instance: {
                        instance_id: string;
                        instance_type?: string | null;
                        region?: string | null;
                        az?: string | null;
                        mode?: ("spot" | "ondemand" | "unknown") | null;
                        pool_id?: string | null;
                        current_mode?: ("spot" | "ondemand" | "unknown") | null;
                        current_pool_id?: string | null;
                    };
                    pricing?: {
                        on_demand_price?: number | null;
                        current_spot_price?: number | null;
                        cheapest_pool?: {
                            pool_id?: string | null;
                            price?: number | null;
                        } | null;
                        spot_pools?: {
                            pool_id?: string | null;
                            instance_type?: string | null;
                            az?: string | null;
                            price?: number | null;
                        }[] | null;
                        collected_at?: string | null;
                    } | null;
                    on_demand_price?: {
                        price?: number | null;
                    } | null;
                    spot_pools?: {
                        pool_id?: string | null;
                        instance_type?: string | null;
                        az?: string | null;
                        price?: number | null;
                    }[] | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.switchReport": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    old_instance?: {
                        instance_id?: string | null;
                        instance_type?: string | null;
                        region?: string | null;
                        az?: string | null;
                        ami_id?: string | null;
                        mode?: ("spot" | "ondemand" | "unknown") | null;
                        pool_id?: string | null;
                    } | null;
                    new_instance: {
                        instance_id: string;
                        instance_type?: string | null;
                        region?: string | null;
                        az?: string | null;
                        ami_id?: string | null;
                        mode?: ("spot" | "ondemand" | "unknown") | null;
                        pool_id?: string | null;
                    };
                    snapshot?: {
                        used?: boolean | null;
                        snapshot_id?: string | null;
                        volume_id?: string | null;
                    } | null;
                    prices?: {
                        on_demand?: number | null;
                        old_spot?: number | null;
                        new_spot?: number | null;
                    } | null;
                    pricing?: {
                        on_demand?: number | null;
                        old_spot?: number | null;
                        new_spot?: number | null;
                    } | null;
                    timing?: {
                        switch_initiated_at?: string | null;
                        initiated_at?: string | null;
                        ami_created_at?: string | null;
                        new_instance_launched_at?: string | null;
                        instance_launched_at?: string | null;
                        new_instance_ready_at?: string | null;
                        instance_ready_at?: string | null;
                        traffic_switched_at?: string | null;
                        old_instance_terminated_at?: string | null;
                        old_terminated_at?: string | null;
                    } | null;
                    trigger?: string | null;
                    command_id?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_of_another_client";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.termination": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @default Unknown */
                    reason?: string;
                    instance_id?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.cleanupReport": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    timestamp?: string | null;
                    snapshots?: {
                        deleted?: components["schemas"]["Storable"][] | null;
                        deleted_amis?: components["schemas"]["Storable"][] | null;
                        deleted_snapshots?: components["schemas"]["Storable"][] | null;
                        failed?: components["schemas"]["Storable"][] | null;
                        cutoff_date?: string | null;
                        error?: string | null;
                    } | null;
                    amis?: {
                        deleted?: components["schemas"]["Storable"][] | null;
                        deleted_amis?: components["schemas"]["Storable"][] | null;
                        deleted_snapshots?: components["schemas"]["Storable"][] | null;
                        failed?: components["schemas"]["Storable"][] | null;
                        cutoff_date?: string | null;
                        error?: string | null;
                    } | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        deleted_snapshots: number;
                        deleted_amis: number;
                        failed_count: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.rebalanceRecommendation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    instance_id?: string | null;
                    detected_at?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @enum {string} */
                        action: "switch" | "monitor";
                        risk_score: number;
                        reason: string;
                        /** @constant */
                        target_mode?: "spot";
                        target_pool_id?: string;
                        target_pool_name?: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.replicaConfig": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        enabled: boolean;
                        count: number;
                        replica_enabled: boolean;
                        replica_count: number;
                        manual_replica_enabled: boolean;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.issueSwitchCommand": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    target_mode: "spot" | "ondemand";
                    target_pool_id?: string | null;
                    /** @default Manual command */
                    reason?: string;
                    /** @default 25 */
                    priority?: number;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        message: string;
                        command_id?: string;
                        agent_id?: string;
                        /** @enum {string} */
                        target_mode?: "spot" | "ondemand";
                        target_pool_id?: string | null;
                        reason?: string;
                        /** @constant */
                        auto_switch_enabled?: true;
                        /** @enum {string} */
                        current_mode?: "spot" | "ondemand" | "unknown";
                        current_pool_id?: string | null;
                    };
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        message: string;
                        command_id?: string;
                        agent_id?: string;
                        /** @enum {string} */
                        target_mode?: "spot" | "ondemand";
                        target_pool_id?: string | null;
                        reason?: string;
                        /** @constant */
                        auto_switch_enabled?: true;
                        /** @enum {string} */
                        current_mode?: "spot" | "ondemand" | "unknown";
                        current_pool_id?: string | null;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_disabled" | "pool_mismatch" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": (components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "auto_switch_disabled" | "client_inactive" | "forbidden";
                    } & {
                        [key: string]: unknown;
                    })) | components["schemas"]["GatewayFailure"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "command_in_flight";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        logical_agent_id: string;
                        status: string;
                        enabled: boolean;
                        instance_id: string | null;
                        instance_type: string | null;
                        region: string | null;
                        az: string | null;
                        /** @enum {string} */
                        current_mode: "spot" | "ondemand" | "unknown";
                        current_pool_id: string | null;
                        agent_version: string | null;
                        last_heartbeat_at: string | null;
                        epoch: number;
                        primary_cause: string | null;
                        primary_changed_at: string | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.markCommandExecuted": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    command_id: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "command_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.instancesToTerminate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        instances: {
                            instance_id: string;
                            instance_type: string | null;
                            az: string | null;
                            /** @enum {string} */
                            reason: "zombie_timeout" | "replica_terminated";
                            seconds_waiting: number;
                        }[];
                        auto_terminate_enabled: boolean;
                        terminate_wait_seconds: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.terminationReport": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    instance_id: string;
                    success: boolean;
                    error?: string | null;
                    terminated_at?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agent.uninstall": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    instance_id?: string | null;
                    reason?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "decision.decide": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    instance: {
                        instance_id?: string | null;
                        instance_type?: string | null;
                        region?: string | null;
                        current_mode?: ("spot" | "ondemand" | "unknown") | null;
                        current_pool_id?: string | null;
                    };
                    pricing?: {
                        current_spot_price?: number | null;
                        on_demand_price?: number | null;
                        cheapest_pool?: {
                            pool_id?: string | null;
                            price?: number | null;
                        } | null;
                        spot_pools?: {
                            pool_id?: string | null;
                            instance_type?: string | null;
                            az?: string | null;
                            price?: number | null;
                        }[] | null;
                    } | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decision"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "decision.switchRecommendation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        instance_id: string | null;
                        /** @enum {string} */
                        recommended_action: "stay" | "switch_spot" | "switch_ondemand";
                        /** @enum {string} */
                        decision_type: "stay_spot" | "stay_ondemand" | "switch_to_spot" | "switch_to_ondemand";
                        /** @enum {string} */
                        recommended_mode: "spot" | "ondemand";
                        recommended_pool_id: string | null;
                        risk_score: number;
                        expected_savings_per_hour: number;
                        expected_savings: number;
                        allowed: boolean;
                        reason: string;
                        confidence: number;
                        model_version: string;
                        explanation: {
                            policy: string;
                            model: string | null;
                            degraded: boolean;
                            terms: {
                                /** @enum {string} */
                                pacing: "observed" | "blind";
                                observed_share: number;
                                downtime_price: number;
                                budget_seconds: number;
                                spent_seconds: number;
                                entry_seconds: number;
                                threshold_hours: number;
                                pools: {
                                    id: string;
                                    price: number;
                                    availability: string;
                                    hazard: number;
                                    score_hours: number | null;
                                }[];
                            } | null;
                            job: {
                                /** @enum {string} */
                                bound: "free" | "deadline";
                                time_left: number;
                                work_left: number;
                                slack: number;
                                overhead: number;
                                observed_share: number;
                                places: {
                                    id: string;
                                    price: number;
                                    availability: string;
                                    cost_hours: number | null;
                                }[];
                            } | null;
                            price_overlays: string[];
                            first_closed_gate: string | null;
                            what_it_takes: string;
                            staying_costs_per_hour: number;
                        };
                        agent_id: string;
                        auto_switch_enabled: boolean;
                        will_auto_execute: boolean;
                        current_pool: {
                            id: string;
                            name: string;
                            az: string;
                        } | null;
                        alternative_pools: {
                            id: string;
                            name: string;
                            az: string;
                            spot_price: number;
                        }[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.list": {
        parameters: {
            query?: {
                status?: "launching" | "syncing" | "ready" | "promoted" | "terminated" | "failed";
                include_terminated?: "true" | "false";
            };
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        replicas: components["schemas"]["Replica"][];
                        total: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.create": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    pool_id?: string | null;
                    target_pool_id?: string | null;
                    exclude_zones?: string[] | null;
                    max_hourly_cost?: number | null;
                    tags?: {
                        [key: string]: components["schemas"]["Storable"];
                    } | null;
                    created_by?: string | null;
                    instance_id?: string | null;
                    replica_type?: string | null;
                    parent_instance_id?: string | null;
                    status?: string | null;
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        replica_id: string;
                        instance_id: string | null;
                        pool: {
                            id: string;
                            name: string;
                            instance_type: string;
                            region: string;
                            az: string;
                        };
                        hourly_cost: number | null;
                        status: string;
                        message: string;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "manual_mode_off" | "agent_too_old" | "replica_exists" | "no_suitable_pool" | "pool_mismatch" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "pool_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_of_another_client" | "replica_has_machine";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.promote": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
                replica_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @default false */
                    demote_old_primary?: boolean;
                    /** @default true */
                    wait_for_sync?: boolean;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        new_instance_id: string;
                        old_instance_id: string | null;
                        demoted: boolean;
                        /** Format: date-time */
                        switch_time: string;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "replica_not_ready" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "replica_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "replica_has_no_machine" | "command_in_flight";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.attach": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
                replica_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    instance_id: string;
                    status?: ("launching" | "syncing" | "ready") | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        replica_id: string;
                        instance_id: string;
                        status: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "replica_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "replica_has_machine" | "instance_of_another_client";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
                replica_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        replica_id: string;
                        /** Format: date-time */
                        terminated_at: string;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "replica_inactive" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "replica_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.status": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
                replica_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    status: "launching" | "syncing" | "ready" | "failed" | "terminated";
                    sync_started_at?: string | null;
                    sync_completed_at?: string | null;
                    error_message?: string | null;
                    is_active?: boolean | null;
                    terminated_at?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        replica_id: string;
                        status: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "replica_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.syncStatus": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
                replica_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    sync_status?: ("initializing" | "syncing" | "synced" | "out-of-sync") | null;
                    sync_latency_ms?: number | null;
                    state_transfer_progress?: number | null;
                    status?: ("launching" | "syncing" | "ready" | "failed" | "terminated") | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "replica_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.createEmergency": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    signal_type: "rebalance-recommendation" | "termination-notice";
                    instance_id?: string | null;
                    termination_time?: string | null;
                    preferred_zones?: string[] | null;
                    exclude_zones?: string[] | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        replica_id?: string;
                        replica_instance_id?: string | null;
                        instance_id?: string | null;
                        existing?: boolean;
                        pool?: {
                            id: string;
                            name: string;
                            az: string;
                        };
                        hourly_cost?: number | null;
                        /** @enum {string} */
                        urgency?: "critical" | "high";
                        message?: string;
                        error?: string;
                    };
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        replica_id?: string;
                        replica_instance_id?: string | null;
                        instance_id?: string | null;
                        existing?: boolean;
                        pool?: {
                            id: string;
                            name: string;
                            az: string;
                        };
                        hourly_cost?: number | null;
                        /** @enum {string} */
                        urgency?: "critical" | "high";
                        message?: string;
                        error?: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": (components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "auto_switch_disabled" | "client_inactive" | "forbidden";
                    } & {
                        [key: string]: unknown;
                    })) | components["schemas"]["GatewayFailure"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.terminationImminent": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    instance_id?: string | null;
                    termination_time?: string | null;
                    detected_at?: string | null;
                    replica_id?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        message: string;
                        new_instance_id?: string;
                        replica_id?: string;
                        failover_time_ms?: number;
                        action?: string;
                        error?: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.enableManual": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        changed: boolean;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_too_old" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.disableManual": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        changed: boolean;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.manualSwitch": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        new_instance_id: string;
                        old_instance_id: string | null;
                        demoted: boolean;
                        /** Format: date-time */
                        switch_time: string;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "replica_not_ready" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found" | "replica_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "replica_has_no_machine" | "command_in_flight";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.sefStatus": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agent_id: string;
                        auto_switch_enabled: boolean;
                        manual_replica_enabled: boolean;
                        primary_instance_id: string | null;
                        active_replicas: {
                            id: string;
                            instance_id: string | null;
                            type: string;
                            status: string;
                            pool_id: string;
                        }[];
                        emergency_mode_active: boolean;
                        pending_termination_at: string | null;
                        counts: {
                            active_replicas: number;
                            emergency_replicas: number;
                            interruptions_handled: number;
                        };
                        last_emergency_event: {
                            /** Format: date-time */
                            detected_at: string;
                            /** Format: date-time */
                            termination_time: string;
                            failover_completed: boolean;
                            failover_time_ms: number | null;
                        } | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "replica.emergencyStatus": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agent_id: string;
                        auto_switch_enabled: boolean;
                        manual_replica_enabled: boolean;
                        primary_instance_id: string | null;
                        active_replicas: {
                            id: string;
                            instance_id: string | null;
                            type: string;
                            status: string;
                            pool_id: string;
                        }[];
                        emergency_mode_active: boolean;
                        pending_termination_at: string | null;
                        counts: {
                            active_replicas: number;
                            emergency_replicas: number;
                            interruptions_handled: number;
                        };
                        last_emergency_event: {
                            /** Format: date-time */
                            detected_at: string;
                            /** Format: date-time */
                            termination_time: string;
                            failover_completed: boolean;
                            failover_time_ms: number | null;
                        } | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        valid: true;
                        client_id: string;
                        name: string;
                        email: string;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.client": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        /** @enum {string} */
                        status: "active" | "inactive";
                        instances: number;
                        agentsOnline: number;
                        agentsTotal: number;
                        totalSavings: number;
                        lastSync: string | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.agents": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentItem"][];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.instances": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                status?: "all" | "active" | "terminated";
                mode?: "all" | "spot" | "ondemand";
                search?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        type: string;
                        region: string | null;
                        az: string;
                        /** @enum {string} */
                        mode: "spot" | "ondemand" | "unknown";
                        poolId: string;
                        spotPrice: number;
                        onDemandPrice: number;
                        instanceStatus: string;
                        isPrimary: boolean;
                        isActive: boolean;
                        lastSwitch: string | null;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.replicas": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agentId: string;
                        primary: {
                            instanceId: string | null;
                            instanceType: string | null;
                            region: string | null;
                            az: string | null;
                            /** @enum {string} */
                            mode: "spot" | "ondemand" | "unknown";
                        };
                        replica: {
                            id: string;
                            instanceId: string;
                            type: string;
                            status: string;
                            sync_status: string;
                            sync_latency_ms: number | null;
                            state_transfer_progress: number;
                            pool: {
                                id: string;
                                name: string;
                                instance_type: string;
                                region: string;
                                az: string;
                            };
                            cost: {
                                hourly: number | null;
                                total: number;
                            };
                            created_by: string;
                            /** Format: date-time */
                            created_at: string;
                            ready_at: string | null;
                            terminated_at: string | null;
                            is_active: boolean;
                        };
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.agentHistory": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        logicalAgentId: string;
                        status: string;
                        instanceId: string | null;
                        instanceType: string | null;
                        region: string | null;
                        az: string | null;
                        /** @enum {string} */
                        currentMode: "spot" | "ondemand" | "unknown";
                        enabled: boolean;
                        autoSwitchEnabled: boolean;
                        manualReplicaEnabled: boolean;
                        /** Format: date-time */
                        createdAt: string;
                        /** Format: date-time */
                        installedAt: string;
                        /** Format: date-time */
                        updatedAt: string;
                        lastHeartbeat: string | null;
                        terminatedAt: string | null;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.agent": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        logicalAgentId: string;
                        status: string;
                        lastHeartbeat: string | null;
                        instanceCount: number;
                        enabled: boolean;
                        autoSwitchEnabled: boolean;
                        manualReplicaEnabled: boolean;
                        autoTerminateEnabled: boolean;
                        terminateWaitMinutes: number;
                        auto_switch_enabled: boolean;
                        auto_terminate_enabled: boolean;
                        instanceId: string | null;
                        instanceType: string | null;
                        region: string | null;
                        az: string | null;
                        /** @enum {string} */
                        currentMode: "spot" | "ondemand" | "unknown";
                        agentVersion: string | null;
                        hostname: string | null;
                        clientId: string;
                        privateIp: string | null;
                        publicIp: string | null;
                        amiId: string | null;
                        currentPoolId: string | null;
                        minSavingsPercent: number;
                        riskThreshold: number;
                        maxSwitchesPerWeek: number;
                        maxSwitchesPerDay: number;
                        minPoolDurationHours: number;
                        availabilityTarget: number | null;
                        /** @enum {string} */
                        availabilityForm: "week" | "rolling";
                        disruptionWindows: {
                            timeZone: string;
                            windows: {
                                days: string[];
                                from: string;
                                to: string;
                            }[];
                        } | null;
                        deadline: string | null;
                        remainingWorkSeconds: number | null;
                        restartOverheadSeconds: number;
                        nextDisruptionWindows: {
                            /** Format: date-time */
                            from: string;
                            /** Format: date-time */
                            to: string;
                        }[];
                        configVersion: number;
                        replicaCount: number;
                        currentReplicaId: string | null;
                        lastSwitchAt: string | null;
                        /** Format: date-time */
                        createdAt: string;
                        primaryCause: string | null;
                        primaryChangedAt: string | null;
                        pendingCommands: {
                            id: string;
                            type: string;
                            targetMode: string;
                            targetPoolId: string | null;
                            priority: number;
                            createdBy: string;
                            /** Format: date-time */
                            createdAt: string;
                        }[];
                        primaryInstance: {
                            id: string;
                            type: string | null;
                            region: string | null;
                            az: string | null;
                            /** @enum {string} */
                            mode: "spot" | "ondemand" | "unknown";
                            poolId: string | null;
                            spotPrice: number | null;
                            onDemandPrice: number | null;
                            lastSeenAt: string | null;
                        } | null;
                        replicas: {
                            id: string;
                            instanceId: string | null;
                            type: string;
                            status: string;
                            poolId: string;
                            hourlyCost: number | null;
                            /** Format: date-time */
                            createdAt: string;
                            readyAt: string | null;
                        }[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.deleteAgent": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        agent_id: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.toggleEnabled": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    enabled: boolean;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        enabled: boolean;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_deleted";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.settings": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    auto_switch_enabled?: boolean | null;
                    autoSwitchEnabled?: boolean | null;
                    auto_terminate_enabled?: boolean | null;
                    autoTerminateEnabled?: boolean | null;
                    replica_enabled?: boolean | null;
                    replicaEnabled?: boolean | null;
                    replica_count?: number | null;
                    replicaCount?: number | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_too_old" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.config": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    terminateWaitMinutes?: number | null;
                    terminate_wait_minutes?: number | null;
                    autoSwitchEnabled?: boolean | null;
                    auto_switch_enabled?: boolean | null;
                    manualReplicaEnabled?: boolean | null;
                    manual_replica_enabled?: boolean | null;
                    autoTerminateEnabled?: boolean | null;
                    auto_terminate_enabled?: boolean | null;
                    minSavingsPercent?: number | null;
                    min_savings_percent?: number | null;
                    riskThreshold?: number | null;
                    risk_threshold?: number | null;
                    maxSwitchesPerWeek?: number | null;
                    max_switches_per_week?: number | null;
                    maxSwitchesPerDay?: number | null;
                    max_switches_per_day?: number | null;
                    minPoolDurationHours?: number | null;
                    min_pool_duration_hours?: number | null;
                    availabilityTarget?: ((99 | 99.9 | 99.95 | 99.99) | "none") | null;
                    availability_target?: ((99 | 99.9 | 99.95 | 99.99) | "none") | null;
                    availabilityForm?: ("week" | "rolling") | null;
                    availability_form?: ("week" | "rolling") | null;
                    disruptionWindows?: {
                        time_zone?: string | null;
                        timeZone?: string | null;
                        windows: {
                            days: ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[];
                            from: string;
                            to: string;
                        }[];
                    } | null;
                    disruption_windows?: {
                        time_zone?: string | null;
                        timeZone?: string | null;
                        windows: {
                            days: ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[];
                            from: string;
                            to: string;
                        }[];
                    } | null;
                    deadline?: ("none" | string) | null;
                    remainingWorkSeconds?: number | null;
                    remaining_work_seconds?: number | null;
                    restartOverheadSeconds?: number | null;
                    restart_overhead_seconds?: number | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        auto_switch_enabled: boolean;
                        manual_replica_enabled: boolean;
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_too_old" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.forceSwitch": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    target: "ondemand" | "pool" | "spot";
                    pool_id?: string | null;
                    poolId?: string | null;
                    new_instance_type?: string | null;
                    newInstanceType?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        command_id: string;
                        message: string;
                        ignored?: string[];
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "no_suitable_pool" | "pool_mismatch" | "already_there" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_deleted" | "agent_not_enabled" | "instance_not_primary" | "command_in_flight";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.instancePricing": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        currentMode: "spot" | "ondemand" | "unknown";
                        currentPool: {
                            id: string;
                            name: string;
                            az: string;
                        } | null;
                        onDemand: {
                            name: string;
                            price: number;
                        };
                        pools: {
                            id: string;
                            name: string;
                            az: string;
                            price: number;
                            savings: number;
                        }[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.instanceMetrics": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        instanceType: string | null;
                        /** @enum {string} */
                        currentMode: "spot" | "ondemand" | "unknown";
                        currentPoolId: string | null;
                        uptimeHours: number;
                        totalSwitches: number;
                        switchesLast7Days: number;
                        switchesLast30Days: number;
                        totalSavings: number;
                        savingsLast30Days: number;
                        spotPrice: number;
                        onDemandPrice: number;
                        baselineOnDemandPrice: number;
                        hoursSinceLastSwitch: number | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.priceHistory": {
        parameters: {
            query?: {
                days?: number;
                interval?: "hour" | "day";
            };
            header?: never;
            path: {
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: ({
                            time: string;
                            onDemand: number;
                        } & {
                            [key: string]: number | string | null;
                        })[];
                        pools: {
                            id: string;
                            name: string;
                            az: string;
                            key: string;
                        }[];
                        onDemandPrice: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.pricingHistory": {
        parameters: {
            query?: {
                days?: number;
                interval?: "hour" | "day";
                agent_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        history: {
                            timestamp: string;
                            ondemand_price: number;
                            spot_pools: {
                                pool_id: string;
                                az: string;
                                price: number;
                            }[];
                            price: number;
                        }[];
                        days: number;
                        data_points: number;
                        agent_id: string;
                        instance_type: string | null;
                        region: string | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.availableOptions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        pools: {
                            id: string;
                            az: string;
                            instanceType: string;
                            price: number | null;
                            placementScore: number | null;
                            placementScoredAt: string | null;
                            lossChances: {
                                halfHour: number;
                                hour: number;
                                sixHours: number;
                            } | null;
                        }[];
                        availablePools: {
                            id: string;
                            az: string;
                            instanceType: string;
                            price: number | null;
                            placementScore: number | null;
                            placementScoredAt: string | null;
                            lossChances: {
                                halfHour: number;
                                hour: number;
                                sixHours: number;
                            } | null;
                        }[];
                        instanceTypes: string[];
                        availableTypes: string[];
                        interruptionBand: ("<5%" | "5-10%" | "10-15%" | "15-20%" | ">20%") | null;
                        currentType: string;
                        currentRegion: string;
                        currentAz: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.decisions": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agentId: string;
                        agentName: string;
                        status: string;
                        lastDecision: {
                            type: ("stay" | "switch_spot" | "switch_ondemand") | null;
                            elapsed: {
                                value: number;
                                /** @enum {string} */
                                unit: "min" | "h" | "d";
                                formatted: string;
                                minutes: number;
                            } | null;
                            time: string | null;
                            reason: string | null;
                        };
                        pricingHealth: {
                            /** @enum {string} */
                            status: "healthy" | "unhealthy";
                            recentReportsCount: number;
                            recentReports: {
                                time: string;
                                onDemandPrice: number;
                                spotPrice: number;
                            }[];
                        };
                        /** @enum {string} */
                        currentMode: "spot" | "ondemand" | "unknown";
                        currentPoolId: string | null;
                        isHealthy: boolean;
                        lastHeartbeat: string | null;
                        decisionHistory: {
                            /** @enum {string} */
                            type: "stay" | "switch_spot" | "switch_ondemand";
                            /** Format: date-time */
                            time: string;
                            reason: string;
                            allowed: boolean;
                        }[];
                        recentActivity: {
                            pricingReports: number;
                            systemEvents: {
                                type: string;
                                /** Format: date-time */
                                time: string;
                                message: string;
                                severity: string;
                            }[];
                            /** @enum {string} */
                            healthStatus: "healthy" | "unhealthy";
                        };
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.savings": {
        parameters: {
            query?: {
                range?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        year: number;
                        month: number;
                        savings: number;
                        onDemandCost: number;
                        modelCost: number;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.explainSavings": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                from?: string;
                to?: string;
                agent_id?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        client_id: string;
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                        rules: string[];
                        overlays: {
                            name: string | null;
                            instance_type: string | null;
                            /** @enum {string} */
                            mode: "spot" | "ondemand";
                            multiplier: number | null;
                            hourly_price: number | null;
                            from: string | null;
                            until: string | null;
                        }[];
                        totals: {
                            instance_hours: number;
                            hours_running: number;
                            hours_unpriced: number;
                            baseline_cost: number;
                            actual_cost: number;
                            savings: number;
                        };
                        capacity_manager: {
                            days: number;
                            spot_cost: number;
                            ondemand_cost: number;
                            interruptions: number;
                            our_cost: number;
                            difference: number;
                        } | null;
                        records: {
                            instance_id: string;
                            agent_id: string;
                            /** Format: date-time */
                            hour: string;
                            mode: string;
                            hours_running: number;
                            hours_primary: number;
                            hours_unpriced: number;
                            free_reason: string | null;
                            overlays: string[];
                            baseline_cost: number;
                            actual_cost: number;
                            savings: number;
                        }[];
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.priceOverlays": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        overlays: {
                            name: string | null;
                            instance_type: string | null;
                            /** @enum {string} */
                            mode: "spot" | "ondemand";
                            multiplier: number | null;
                            hourly_price: number | null;
                            from: string | null;
                            until: string | null;
                        }[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.setPriceOverlays": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    overlays: ({
                        name?: string | null;
                        instance_type?: string | null;
                        /** @enum {string} */
                        mode: "spot" | "ondemand";
                        multiplier?: number | null;
                        hourly_price?: number | null;
                        from?: string | null;
                        until?: string | null;
                    } & ({
                        multiplier: unknown;
                    } | {
                        hourly_price: unknown;
                    }))[];
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        overlays: {
                            name: string | null;
                            instance_type: string | null;
                            /** @enum {string} */
                            mode: "spot" | "ondemand";
                            multiplier: number | null;
                            hourly_price: number | null;
                            from: string | null;
                            until: string | null;
                        }[];
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.switchHistory": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                instance_id?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** Format: date-time */
                        timestamp: string;
                        instanceId: string;
                        oldInstanceId: string;
                        newInstanceId: string;
                        /** @enum {string} */
                        fromMode: "spot" | "ondemand" | "unknown";
                        /** @enum {string} */
                        toMode: "spot" | "ondemand" | "unknown";
                        fromPool: string;
                        toPool: string;
                        trigger: string;
                        price: number;
                        savingsImpact: number;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.charts": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        savingsTrend: {
                            month: string;
                            year: number;
                            savings: number;
                            baseline: number;
                            actual: number;
                        }[];
                        modeDistribution: {
                            mode: string;
                            count: number;
                        }[];
                        switchFrequency: {
                            /** Format: date */
                            date: string;
                            switches: number;
                        }[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.exportSavings": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.exportSwitches": {
        parameters: {
            query?: {
                cursor?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.linkToExport": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    export: "savings" | "switch-history";
                    /** Format: cursor */
                    cursor?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        url: string;
                        /** Format: date-time */
                        expires_at: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.openExport": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                link: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": (components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "link_invalid";
                    } & {
                        [key: string]: unknown;
                    })) | components["schemas"]["GatewayFailure"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.statistics": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agent_id: string;
                        decisions: {
                            total: number;
                            moves: number;
                            allowed: number;
                        };
                        switches: {
                            total: number;
                            commands_completed: number;
                            commands_failed: number;
                        };
                        success_rate: number;
                        savings: number;
                        totalDecisions: number;
                        successRate: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.statisticsAlias": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agent_id: string;
                        decisions: {
                            total: number;
                            moves: number;
                            allowed: number;
                        };
                        switches: {
                            total: number;
                            commands_completed: number;
                            commands_failed: number;
                        };
                        success_rate: number;
                        savings: number;
                        totalDecisions: number;
                        successRate: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.logs": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: date-time */
                        timestamp: string;
                        event_type: string;
                        message: string;
                        severity: string;
                        metadata: {
                            [key: string]: unknown;
                        };
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.volatility": {
        parameters: {
            query?: {
                days?: number;
            };
            header?: never;
            path: {
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        instance_id: string;
                        days: number;
                        current_pool: {
                            pool_id: string;
                            name: string;
                            az: string;
                            price: number | null;
                            mean_price: number | null;
                            coefficient_of_variation: number | null;
                            /** @enum {string} */
                            volatility: "very_low" | "low" | "medium" | "high" | "unknown";
                            data_points: number;
                        } | null;
                        alternative_pools: {
                            pool_id: string;
                            name: string;
                            az: string;
                            price: number | null;
                            mean_price: number | null;
                            coefficient_of_variation: number | null;
                            /** @enum {string} */
                            volatility: "very_low" | "low" | "medium" | "high" | "unknown";
                            data_points: number;
                        }[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.simulateSwitch": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                instance_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    target_pool?: string | null;
                    targetPool?: string | null;
                    target_type?: ("spot" | "ondemand") | null;
                    targetType?: ("spot" | "ondemand") | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        instance_id: string;
                        /** @enum {string} */
                        current_mode: "spot" | "ondemand" | "unknown";
                        current_pool: string | null;
                        current_price: number;
                        /** @enum {string} */
                        target_mode: "spot" | "ondemand";
                        target_pool: string | null;
                        target_price: number;
                        hourly_saving: number;
                        daily_saving: number;
                        monthly_saving: number;
                        /** @enum {string} */
                        recommendation: "switch" | "stay";
                    };
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "pool_mismatch" | "no_suitable_pool" | "invalid_request";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "instance_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "price_unknown";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.downtime": {
        parameters: {
            query?: {
                days?: number;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        days: number;
                        total_switches: number;
                        total_downtime_seconds: number;
                        average_downtime_seconds: number;
                        by_trigger: {
                            trigger: string;
                            switches: number;
                            downtime_seconds: number;
                            longest_seconds: number;
                        }[];
                        longest: {
                            switch_id: string;
                            downtime_seconds: number;
                            timestamp: string | null;
                        } | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.pricingAlerts": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        pool_id: string;
                        /** @enum {string} */
                        direction: "below" | "above";
                        threshold: number;
                        current_price: number | null;
                        priced_at: string | null;
                        triggered: boolean;
                        notified_at: string | null;
                        /** Format: date-time */
                        created_at: string;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.createPricingAlert": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    pool_id: string;
                    /**
                     * @default below
                     * @enum {string}
                     */
                    direction?: "below" | "above";
                    threshold: number;
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        alert_id: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "pool_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "alert_limit";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.deletePricingAlert": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
                alert_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "alert_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.events": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** Format: date-time */
                        timestamp: string;
                        event_type: string;
                        severity: string;
                        message: string;
                        client_id: string | null;
                        agent_id: string | null;
                        instance_id: string | null;
                        metadata: {
                            [key: string]: unknown;
                        };
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.whatIfs": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        run_id: string;
                        client_id: string;
                        /** @enum {string} */
                        status: "queued" | "running" | "done" | "failed";
                        progress_percent: number;
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        finished_at: string | null;
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                        asked: {
                            agent_id?: string;
                            instance_type?: string;
                            region?: string;
                            settings: {
                                availability_target?: (99 | 99.9 | 99.95 | 99.99) | "none";
                                /** @enum {string} */
                                availability_form?: "week" | "rolling";
                                min_savings_percent?: number;
                                risk_threshold?: number;
                                max_switches_per_week?: number;
                                max_switches_per_day?: number;
                                min_pool_duration_hours?: number;
                            };
                        };
                        agents: number;
                        agents_left_out: number;
                        failure: string | null;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.startWhatIf": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    agent_id?: string | null;
                    instance_type?: string | null;
                    region?: string | null;
                    days?: number | null;
                    settings?: {
                        availability_target?: ((99 | 99.9 | 99.95 | 99.99) | "none") | null;
                        availability_form?: ("week" | "rolling") | null;
                        min_savings_percent?: number | null;
                        risk_threshold?: number | null;
                        max_switches_per_week?: number | null;
                        max_switches_per_day?: number | null;
                        min_pool_duration_hours?: number | null;
                    } | null;
                };
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        run_id: string;
                        client_id: string;
                        /** @constant */
                        status: "queued";
                        url: string;
                        agents: number;
                        agents_left_out: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "client.whatIf": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        run_id: string;
                        client_id: string;
                        /** @enum {string} */
                        status: "queued" | "running" | "done" | "failed";
                        progress_percent: number;
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        finished_at: string | null;
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                        asked: {
                            agent_id?: string;
                            instance_type?: string;
                            region?: string;
                            settings: {
                                availability_target?: (99 | 99.9 | 99.95 | 99.99) | "none";
                                /** @enum {string} */
                                availability_form?: "week" | "rolling";
                                min_savings_percent?: number;
                                risk_threshold?: number;
                                max_switches_per_week?: number;
                                max_switches_per_day?: number;
                                min_pool_duration_hours?: number;
                            };
                        };
                        agents: number;
                        agents_left_out: number;
                        failure: string | null;
                        total: {
                            as_asked: {
                                cost: number;
                                savings_percent: number;
                                availability_percent: number;
                                moves: number;
                                interruptions: number;
                                interruptions_unseen: number;
                            };
                            never_moving: {
                                cost: number;
                                savings_percent: number;
                                availability_percent: number;
                                moves: number;
                                interruptions: number;
                                interruptions_unseen: number;
                            };
                            always_cheapest: {
                                cost: number;
                                savings_percent: number;
                                availability_percent: number;
                                moves: number;
                                interruptions: number;
                                interruptions_unseen: number;
                            };
                            all_on_demand: {
                                cost: number;
                                savings_percent: number;
                                availability_percent: number;
                                moves: number;
                                interruptions: number;
                                interruptions_unseen: number;
                            };
                            agents: number;
                            observed_percent: number;
                        } | null;
                        plays: {
                            instance_type: string;
                            region: string;
                            pool_id: string | null;
                            agents: number;
                            agent_ids: string[];
                            settings: {
                                availability_target: number | null;
                                /** @enum {string} */
                                availability_form: "week" | "rolling";
                                min_savings_percent: number;
                                risk_threshold: number;
                                max_switches_per_week: number;
                                max_switches_per_day: number;
                                min_pool_duration_hours: number;
                                limits_hold: boolean;
                            };
                            outcome: {
                                as_asked: {
                                    cost: number;
                                    savings_percent: number;
                                    availability_percent: number;
                                    moves: number;
                                    interruptions: number;
                                    interruptions_unseen: number;
                                };
                                never_moving: {
                                    cost: number;
                                    savings_percent: number;
                                    availability_percent: number;
                                    moves: number;
                                    interruptions: number;
                                    interruptions_unseen: number;
                                };
                                always_cheapest: {
                                    cost: number;
                                    savings_percent: number;
                                    availability_percent: number;
                                    moves: number;
                                    interruptions: number;
                                    interruptions_unseen: number;
                                };
                                all_on_demand: {
                                    cost: number;
                                    savings_percent: number;
                                    availability_percent: number;
                                    moves: number;
                                    interruptions: number;
                                    interruptions_unseen: number;
                                };
                                policy: string;
                                pools: number;
                                observed_percent: number;
                            } | null;
                            reason: string | null;
                        }[];
                        limits: string[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "what_if_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.createClient": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    email?: string | null;
                    aws_account_id?: string | null;
                    aws_role_arn?: string | null;
                    default_availability_target?: ((99 | 99.9 | 99.95 | 99.99) | "none") | null;
                    max_agents?: number | null;
                    max_instances?: number | null;
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        client: {
                            id: string;
                            name: string;
                            token: string;
                            status: string;
                            aws_external_id: string;
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_exists";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.deleteClient": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.regenerateToken": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    overlap_hours?: number | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        token: string;
                        message: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.readToken": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        token: string;
                        client_name: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "token_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.readAwsAccess": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        client_id: string;
                        aws_account_id: string | null;
                        role_arn: string | null;
                        external_id: string | null;
                        checked_at: string | null;
                        errors: {
                            region: string | null;
                            error: string;
                            failing_since: string | null;
                            next_try_at: string | null;
                        }[];
                        machines: {
                            id: string;
                            agent_id: string;
                            logical_agent_id: string;
                            region: string | null;
                            instance_type: string | null;
                            /** Format: date-time */
                            due_at: string;
                            ec2_state: string | null;
                            checked_at: string | null;
                            next_check_at: string | null;
                            attempts: number;
                        }[];
                        machines_total: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.setAwsAccess": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    aws_account_id: string;
                    role_arn: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        aws_account_id: string;
                        role_arn: string | null;
                        external_id: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.clients": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        /** @enum {string} */
                        status: "active" | "inactive";
                        agentsOnline: number;
                        agentsTotal: number;
                        instances: number;
                        totalSavings: number;
                        lastSync: string | null;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        totalAccounts: number;
                        agentsOnline: number;
                        agentsTotal: number;
                        poolsCovered: number;
                        totalSavings: number;
                        totalSwitches: number;
                        manualSwitches: number;
                        modelSwitches: number;
                        /** @constant */
                        backendHealth: "Healthy";
                        decisionEngineLoaded: boolean;
                        mlModelsLoaded: boolean;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.growth": {
        parameters: {
            query?: {
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: date */
                        date: string;
                        count: number;
                        total: number;
                        new: number;
                        active: number;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.activity": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        type: "switch" | "agent" | "event";
                        text: string;
                        /** Format: date-time */
                        time: string;
                        /** @enum {string} */
                        severity: "info" | "warning" | "error";
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.fleetInstances": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                status?: "all" | "active" | "terminated";
                mode?: "all" | "spot" | "ondemand";
                region?: string;
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        instances: {
                            id: string;
                            instanceId: string;
                            clientId: string;
                            clientName: string;
                            agentId: string;
                            logicalAgentId: string | null;
                            agentStatus: string | null;
                            instanceType: string;
                            region: string;
                            az: string | null;
                            currentMode: string;
                            currentPoolId: string | null;
                            spotPrice: number | null;
                            ondemandPrice: number | null;
                            isActive: boolean;
                            isPrimary: boolean;
                            instanceStatus: string;
                            /** Format: date-time */
                            installedAt: string;
                            /** Format: date-time */
                            createdAt: string;
                        }[];
                        total: number;
                        nextCursor: string | null;
                        filters: {
                            [key: string]: string;
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.fleetAgents": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                status?: "all" | "online" | "offline" | "disabled" | "switching" | "error" | "deleted";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agents: {
                            id: string;
                            logicalAgentId: string;
                            clientId: string;
                            clientName: string;
                            status: string;
                            hostname: string;
                            instanceId: string;
                            lastHeartbeatAt: string | null;
                            version: string;
                            instanceType: string | null;
                            region: string | null;
                            az: string | null;
                            currentMode: string;
                            currentPoolId: string | null;
                            enabled: boolean;
                            autoSwitchEnabled: boolean;
                            /** Format: date-time */
                            createdAt: string;
                        }[];
                        total: number;
                        nextCursor: string | null;
                        filters: {
                            [key: string]: string;
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.systemHealth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        apiStatus: "Healthy";
                        /** @constant */
                        database: "Connected";
                        /** @enum {string} */
                        decisionEngine: "Loaded" | "Not Loaded";
                        connectionPool: string;
                        /** Format: date-time */
                        timestamp: string;
                        decisionEngineStatus: {
                            loaded: boolean;
                            type: string;
                            version: string;
                            filesUploaded: number;
                            files: string[];
                            calibration: {
                                model: string;
                                times: {
                                    withinHours: number;
                                    outcomes: number;
                                    expectedShare: number | null;
                                    lostShare: number | null;
                                }[];
                            } | null;
                            riskModel: {
                                name: string;
                                degraded: boolean;
                                /** Format: date-time */
                                observedAt: string;
                            } | null;
                        };
                        modelStatus: {
                            loaded: boolean;
                            name: string;
                            version: string;
                            filesUploaded: number;
                            files: string[];
                            activeModels: {
                                name: string;
                                version: string;
                                active: boolean;
                            }[];
                        };
                        backgroundJobs: {
                            total: number;
                            failing: string[];
                        };
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.exportStats": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.linkToExport": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    export: "global-stats";
                    /** Format: cursor */
                    cursor?: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        url: string;
                        /** Format: date-time */
                        expires_at: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.openExport": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                link: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": (components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "link_invalid";
                    } & {
                        [key: string]: unknown;
                    })) | components["schemas"]["GatewayFailure"];
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.search": {
        parameters: {
            query: {
                q: string;
                types?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        query: string;
                        results: {
                            clients: {
                                id: string;
                                name: string;
                                status: string;
                                client: string;
                            }[];
                            instances: {
                                id: string;
                                name: string;
                                status: string;
                                client: string;
                            }[];
                            agents: {
                                id: string;
                                name: string;
                                status: string;
                                client: string;
                            }[];
                        };
                        clients: {
                            id: string;
                            name: string;
                            status: string;
                            client: string;
                        }[];
                        instances: {
                            id: string;
                            name: string;
                            status: string;
                            client: string;
                        }[];
                        agents: {
                            id: string;
                            name: string;
                            status: string;
                            client: string;
                        }[];
                        total_results: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.searchOfOld": {
        parameters: {
            query: {
                q: string;
                types?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        query: string;
                        results: {
                            clients: {
                                id: string;
                                name: string;
                                status: string;
                                client: string;
                            }[];
                            instances: {
                                id: string;
                                name: string;
                                status: string;
                                client: string;
                            }[];
                            agents: {
                                id: string;
                                name: string;
                                status: string;
                                client: string;
                            }[];
                        };
                        clients: {
                            id: string;
                            name: string;
                            status: string;
                            client: string;
                        }[];
                        instances: {
                            id: string;
                            name: string;
                            status: string;
                            client: string;
                        }[];
                        agents: {
                            id: string;
                            name: string;
                            status: string;
                            client: string;
                        }[];
                        total_results: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.poolStatistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        total_pools: number;
                        active_pools: number;
                        total: number;
                        active: number;
                        regions: string[];
                        instance_types: string[];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.poolStatisticsOfOld": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        total_pools: number;
                        active_pools: number;
                        total: number;
                        active: number;
                        regions: string[];
                        instance_types: string[];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.agentHealth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        total: number;
                        total_agents: number;
                        online: number;
                        offline: number;
                        deleted: number;
                        by_client: {
                            client_id: string;
                            client_name: string;
                            total: number;
                            online: number;
                            offline: number;
                        }[];
                        recent_offline: {
                            id: string;
                            logical_agent_id: string;
                            client_id: string;
                            client_name: string;
                            last_heartbeat_at: string | null;
                        }[];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.agentHealthOfOld": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        total: number;
                        total_agents: number;
                        online: number;
                        offline: number;
                        deleted: number;
                        by_client: {
                            client_id: string;
                            client_name: string;
                            total: number;
                            online: number;
                            offline: number;
                        }[];
                        recent_offline: {
                            id: string;
                            logical_agent_id: string;
                            client_id: string;
                            client_name: string;
                            last_heartbeat_at: string | null;
                        }[];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    operation: "delete_agents" | "enable_agents" | "disable_agents";
                    agent_ids: string[];
                    /** @constant */
                    confirm: true;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        operation: string;
                        succeeded: number;
                        failed: number;
                        results: {
                            agent_id: string;
                            success: boolean;
                            error?: string;
                        }[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        jobs: {
                            job: string;
                            summary: string;
                            schedule: string;
                            /** @enum {string} */
                            status: "never run" | "running" | "succeeded" | "failed" | "abandoned";
                            due_at: string | null;
                            started_at: string | null;
                            finished_at: string | null;
                            rows_changed: number | null;
                            error: string | null;
                            abandoned_runs: number;
                            abandoned_at: string | null;
                        }[];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.listTokens": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        /** @enum {string} */
                        scope: "agent" | "read" | "manage" | "all";
                        /** @enum {string} */
                        status: "active" | "expired" | "revoked";
                        expires_at: string | null;
                        last_used_on: string | null;
                        revoked_at: string | null;
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.createToken": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @enum {string} */
                    scope: "agent" | "read" | "manage";
                    expires_at?: string | null;
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        id: string;
                        name: string;
                        token: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "token_exists" | "too_many_tokens" | "already_expired";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.revokeToken": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
                token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "token_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.listOperators": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        /** @enum {string} */
                        role: "viewer" | "admin";
                        /** @enum {string} */
                        status: "active" | "revoked";
                        last_used_on: string | null;
                        revoked_at: string | null;
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.createOperator": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @enum {string} */
                    role: "viewer" | "admin";
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        id: string;
                        name: string;
                        token: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "operator_exists" | "too_many_tokens";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.revokeOperator": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                operator_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "operator_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.importPrices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    prices: {
                        instance_type: string;
                        az: string;
                        price: number;
                        /** Format: date-time */
                        at: string;
                    }[];
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        pools: number;
                        buckets: number;
                        left_out: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.readPlan": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        client_id: string;
                        max_agents: number;
                        max_instances: number;
                        agents: number;
                        instances: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.setPlan": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    max_agents: number;
                    max_instances: number;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        max_agents: number;
                        max_instances: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.whatIfs": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        run_id: string;
                        client_id: string;
                        /** @enum {string} */
                        status: "queued" | "running" | "done" | "failed";
                        progress_percent: number;
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        finished_at: string | null;
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                        asked: {
                            agent_id?: string;
                            instance_type?: string;
                            region?: string;
                            settings: {
                                availability_target?: (99 | 99.9 | 99.95 | 99.99) | "none";
                                /** @enum {string} */
                                availability_form?: "week" | "rolling";
                                min_savings_percent?: number;
                                risk_threshold?: number;
                                max_switches_per_week?: number;
                                max_switches_per_day?: number;
                                min_pool_duration_hours?: number;
                            };
                        };
                        agents: number;
                        agents_left_out: number;
                        failure: string | null;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.startWhatIf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    agent_id?: string | null;
                    instance_type?: string | null;
                    region?: string | null;
                    days?: number | null;
                    settings?: {
                        availability_target?: ((99 | 99.9 | 99.95 | 99.99) | "none") | null;
                        availability_form?: ("week" | "rolling") | null;
                        min_savings_percent?: number | null;
                        risk_threshold?: number | null;
                        max_switches_per_week?: number | null;
                        max_switches_per_day?: number | null;
                        min_pool_duration_hours?: number | null;
                    } | null;
                    client_id: string;
                };
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        run_id: string;
                        client_id: string;
                        /** @constant */
                        status: "queued";
                        url: string;
                        agents: number;
                        agents_left_out: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "agent_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "admin.whatIf": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        run_id: string;
                        client_id: string;
                        /** @enum {string} */
                        status: "queued" | "running" | "done" | "failed";
                        progress_percent: number;
                        /** Format: date-time */
                        created_at: string;
                        created_by: string;
                        finished_at: string | null;
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                        asked: {
                            agent_id?: string;
                            instance_type?: string;
                            region?: string;
                            settings: {
                                availability_target?: (99 | 99.9 | 99.95 | 99.99) | "none";
                                /** @enum {string} */
                                availability_form?: "week" | "rolling";
                                min_savings_percent?: number;
                                risk_threshold?: number;
                                max_switches_per_week?: number;
                                max_switches_per_day?: number;
                                min_pool_duration_hours?: number;
                            };
                        };
                        agents: number;
                        agents_left_out: number;
                        failure: string | null;
                        total: {
                            as_asked: {
                                cost: number;
                                savings_percent: number;
                                availability_percent: number;
                                moves: number;
                                interruptions: number;
                                interruptions_unseen: number;
                            };
                            never_moving: {
                                cost: number;
                                savings_percent: number;
                                availability_percent: number;
                                moves: number;
                                interruptions: number;
                                interruptions_unseen: number;
                            };
                            always_cheapest: {
                                cost: number;
                                savings_percent: number;
                                availability_percent: number;
                                moves: number;
                                interruptions: number;
                                interruptions_unseen: number;
                            };
                            all_on_demand: {
                                cost: number;
                                savings_percent: number;
                                availability_percent: number;
                                moves: number;
                                interruptions: number;
                                interruptions_unseen: number;
                            };
                            agents: number;
                            observed_percent: number;
                        } | null;
                        plays: {
                            instance_type: string;
                            region: string;
                            pool_id: string | null;
                            agents: number;
                            agent_ids: string[];
                            settings: {
                                availability_target: number | null;
                                /** @enum {string} */
                                availability_form: "week" | "rolling";
                                min_savings_percent: number;
                                risk_threshold: number;
                                max_switches_per_week: number;
                                max_switches_per_day: number;
                                min_pool_duration_hours: number;
                                limits_hold: boolean;
                            };
                            outcome: {
                                as_asked: {
                                    cost: number;
                                    savings_percent: number;
                                    availability_percent: number;
                                    moves: number;
                                    interruptions: number;
                                    interruptions_unseen: number;
                                };
                                never_moving: {
                                    cost: number;
                                    savings_percent: number;
                                    availability_percent: number;
                                    moves: number;
                                    interruptions: number;
                                    interruptions_unseen: number;
                                };
                                always_cheapest: {
                                    cost: number;
                                    savings_percent: number;
                                    availability_percent: number;
                                    moves: number;
                                    interruptions: number;
                                    interruptions_unseen: number;
                                };
                                all_on_demand: {
                                    cost: number;
                                    savings_percent: number;
                                    availability_percent: number;
                                    moves: number;
                                    interruptions: number;
                                    interruptions_unseen: number;
                                };
                                policy: string;
                                pools: number;
                                observed_percent: number;
                            } | null;
                            reason: string | null;
                        }[];
                        limits: string[];
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "what_if_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "model.uploadModel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    files: {
                        name: string;
                        size: number;
                    }[];
                };
                "multipart/form-data": {
                    files: string[];
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        files: string[];
                        sessionId: string;
                        uploads?: {
                            file: string;
                            /** Format: uri */
                            url: string;
                            /** Format: date-time */
                            expires_at: string;
                        }[];
                        /** @constant */
                        requiresRestart: false;
                        model_status: {
                            filesUploaded: number;
                            totalSize: number;
                            /** @constant */
                            sessionType: "pending";
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "model.uploadEngine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    files: {
                        name: string;
                        size: number;
                    }[];
                };
                "multipart/form-data": {
                    files: string[];
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        files: string[];
                        sessionId: string;
                        uploads?: {
                            file: string;
                            /** Format: uri */
                            url: string;
                            /** Format: date-time */
                            expires_at: string;
                        }[];
                        /** @constant */
                        restarting: false;
                        engine_status: {
                            loaded: boolean;
                            type: string;
                            filesUploaded: number;
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "model.activateModel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    sessionId: string;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        sessionId: string;
                        /** @constant */
                        restarting: false;
                        model_status: {
                            /** @constant */
                            loaded: true;
                            /** @constant */
                            type: "onnx";
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "model_session_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "model_unusable";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "model.fallBack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        message: string;
                        fallbackSessionId: string;
                        /** @constant */
                        restarting: false;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "no_fallback";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "model.listModels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        status: "pending" | "live" | "fallback" | "archived";
                        isLive: boolean;
                        isFallback: boolean;
                        fileCount: number;
                        files: string[];
                        totalSize: number;
                        /** Format: date-time */
                        createdAt: string;
                        activatedAt: string | null;
                        isSupported: boolean;
                    }[];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "notification.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                client_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        message: string;
                        /** @enum {string} */
                        severity: "info" | "warning" | "error";
                        isRead: boolean;
                        /** Format: date-time */
                        time: string;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "notification.markRead": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                notif_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "notification_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "notification.markAllRead": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    client_id?: string | null;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        updated: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "notification.audit": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                actor?: string;
                action?: string;
                client_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** Format: date-time */
                        time: string;
                        actor: string;
                        action: string;
                        client_id: string | null;
                        target_id: string | null;
                        source_ip: string | null;
                        before: {
                            [key: string]: unknown;
                        } | null;
                        after: {
                            [key: string]: unknown;
                        } | null;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "notification.tenantAudit": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                actor?: string;
                action?: string;
            };
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    "x-next-cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** Format: date-time */
                        time: string;
                        actor: string;
                        action: string;
                        client_id: string | null;
                        target_id: string | null;
                        source_ip: string | null;
                        before: {
                            [key: string]: unknown;
                        } | null;
                        after: {
                            [key: string]: unknown;
                        } | null;
                    }[];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "webhook.show": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        host: string | null;
                        topic_arn: string | null;
                        /** @enum {string} */
                        style: "json" | "slack";
                        /** @enum {string} */
                        min_severity: "info" | "warning" | "error";
                        digest_minutes: number;
                        next_try_at: string | null;
                        consecutive_failures: number;
                        last_success_at: string | null;
                        last_failure_at: string | null;
                        last_error: string | null;
                        waiting_notifications: number;
                        dead_messages: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "webhook_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "webhook.set": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    url?: string | null;
                    topic_arn?: string | null;
                    /** @enum {string} */
                    style?: "json" | "slack";
                    /** @enum {string} */
                    min_severity?: "info" | "warning" | "error";
                    digest_minutes?: number;
                    rotate_secret?: boolean;
                };
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        secret: string | null;
                        webhook: {
                            host: string | null;
                            topic_arn: string | null;
                            /** @enum {string} */
                            style: "json" | "slack";
                            /** @enum {string} */
                            min_severity: "info" | "warning" | "error";
                            digest_minutes: number;
                            next_try_at: string | null;
                            consecutive_failures: number;
                            last_success_at: string | null;
                            last_failure_at: string | null;
                            last_error: string | null;
                            waiting_notifications: number;
                            dead_messages: number;
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "no_receiver" | "topic_of_another_account";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "webhook.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "webhook_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "webhook.test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        success: boolean;
                        message_id: string;
                        url: {
                            status: number | null;
                            milliseconds: number;
                            error: string | null;
                        } | null;
                        topic: {
                            status: number | null;
                            milliseconds: number;
                            error: string | null;
                        } | null;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "webhook_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "webhook.redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        messages: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "client_not_found" | "webhook_not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "system.health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        version: string;
                        /** Format: date-time */
                        timestamp: string;
                        /** @constant */
                        database: "connected";
                        decision_engine_loaded: boolean;
                        components: {
                            database: string;
                            decision_engine: string;
                            endpoints_total: number;
                            endpoints_active: number;
                            blueprints_registered: number;
                            background_jobs: string;
                        };
                    };
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "docs.document": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        openapi: "3.1.0";
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "docs.page": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
    "docs.file": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"] & ({
                        /** @enum {string} */
                        code: "not_found";
                    } & {
                        [key: string]: unknown;
                    });
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Fault"];
            503: components["responses"]["Unavailable"];
        };
    };
}
